import { expect, test } from 'vitest';
import { buildModule } from '../../scripts/build-scan.ts';
import { MODULE } from '../../src/scan/wasm/module.ts';

test('The compiled scanner in the tree is what its sources compile to', { timeout: 60_000 }, async () => {
  const built = await buildModule();
  expect(built.includes(MODULE), 'run: npm run build:scan').toBe(true);
});
