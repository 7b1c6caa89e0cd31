import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('long.ndjson', lines(50_000));

/** A transform that does something to its own process in the middle of the run, when it has seen the temporary file. */
function inTheMiddle(name: string, what: string): string {
  return work.file(
    name,
    `import { readdirSync } from 'node:fs';
     export default (record) => {
       if (record.id === 20_000) {
         console.error('temporary files: ' + readdirSync('.').filter((name) => name.endsWith('.tmp')).length);
         ${what};
       }
       return record;
     };`,
  );
}

describe('A command that ends in the middle of a file', () => {
  test.each([
    ['at a second Ctrl-C', "process.kill(process.pid, 'SIGINT'); process.kill(process.pid, 'SIGINT')", 130],
    [
      'at SIGINT, then SIGTERM',
      "process.kill(process.pid, 'SIGINT'); setImmediate(() => process.kill(process.pid, 'SIGTERM'))",
      143,
    ],
    ['because a transform exits', 'process.exit(7)', 7],
    ['at an error outside of any call', "setImmediate(() => { throw new Error('late'); })", 1],
  ])('%s leaves nothing of it behind', async (_how, what, code) => {
    const transform = inTheMiddle('middle.mjs', what);
    const args = [
      'run',
      'long.ndjson',
      'out.csv',
      '--batch-size',
      '100',
      '--transform',
      transform,
      '--checkpoint',
      'off',
    ];
    const outcome = await work.command(args);
    expect(outcome.stderr).toContain('temporary files: 1');
    expect(outcome.code).toBe(code);
    expect(readdirSync(work.folder).filter((name) => name.includes('out.csv'))).toEqual([]);
  });
});
