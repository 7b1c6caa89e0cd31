import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Prints at the end how many tests passed, failed and were skipped – and of the skipped ones, why. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    for (const [reason, number] of reasons(tests)) console.log(`${number} skipped: ${reason}`);
    console.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`);
  }
}

function reasons(tests: readonly TestCase[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const test of tests) {
    const result = test.result();
    if (result.state !== 'skipped') continue;
    const reason = result.note ?? 'no reason was given';
    found.set(reason, (found.get(reason) ?? 0) + 1);
  }
  return found;
}
