import { afterEach, expect, test, vi } from 'vitest';
import { type Change, compileAssembly } from '../../scripts/build-scan.ts';

/** A change of a source of the scanner that must be noticed. */
export type ScannerMutant = readonly [what: string, file: string, from: string, to: string];

/** A test for each of them, and one for the scanner as it is. @param firstDifference where a changed one goes wrong */
export function testScannerMutants(
  mutants: readonly ScannerMutant[],
  firstDifference: (change: Change) => Promise<string | undefined>,
): void {
  afterEach(() => {
    vi.doUnmock('../../src/scan/wasm/module.ts');
    vi.resetModules();
  });

  test('nothing is wrong with the scanner as it is', async () => {
    expect(await firstDifference((_, text) => text)).toBeUndefined();
  }, 30_000);

  test.each(mutants)(
    'is noticed: %s',
    async (_what, file, from, to) => {
      let changes = 0;
      const difference = await firstDifference((name, text) => {
        if (name !== file) return text;
        changes += text.split(from).length - 1;
        return text.replace(from, to);
      });
      expect(changes).toBeGreaterThan(0);
      expect(difference).toBeDefined();
    },
    30_000,
  );
}

/** Modules that are imported behind this use a scanner that is compiled from changed sources. */
export async function useScanner(change: Change): Promise<void> {
  const wasm = await compileAssembly(change, 'quicklyCompiled');
  vi.resetModules();
  vi.doMock('../../src/scan/wasm/module.ts', () => ({ MODULE: Buffer.from(wasm).toString('base64') }));
}
