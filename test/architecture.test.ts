import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Top to bottom: a file may import from its own folder or from a floor below, never sideways or up. */
const FLOORS = [
  ['.', 'cli'],
  ['pipeline'],
  ['streams'],
  ['sources', 'sinks', 'delivery', 'checkpoint', 'testing'],
  ['formats'],
  ['scan', 'failures', 'files'],
  ['core'],
];
const SRC = resolve(import.meta.dirname, '../src');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.includes('assembly'),
);

describe('the floors', () => {
  test('are respected by every import', () => {
    const wrong = files.flatMap((file) => wrongImports(file, readFileSync(join(SRC, file), 'utf8')));
    expect(wrong).toEqual([]);
  });

  test.each([
    ['core/chunk.ts', "import { csv } from '../formats/csv.ts';"],
    ['sinks/file-sink.ts', "import { fileSource } from '../sources/file-source.ts';"],
    ['streams/decode.ts', "export { BatchProcessor } from '../pipeline/batch-processor.ts';"],
    ['delivery/retrying.ts', "const late = await import('../sinks/http-sink.ts');"],
  ])('would not let %s say %s', (file, text) => {
    expect(wrongImports(file, text)).toHaveLength(1);
  });

  test('name every folder', () => {
    const folders = new Set(files.map((file) => dirname(file).split('/')[0]));
    expect([...folders].filter((folder) => !FLOORS.flat().includes(folder!))).toEqual([]);
  });
});

describe('the code', () => {
  test('never makes code from text', () => {
    expect(
      files.filter((file) => /\beval\(|new Function\(/.test(readFileSync(join(SRC, file), 'utf8'))),
    ).toEqual([]);
  });

  test('has no file with a name that says nothing', () => {
    const banned = /(?:^|[/-])(?:utils?|helpers?|common|misc|manager|service|base|abstract|impl)(?:[.-]|$)/;
    expect(files.filter((file) => banned.test(file))).toEqual([]);
  });

  test('has no file of more than 300 lines', () => {
    const lines = (file: string) => readFileSync(join(SRC, file), 'utf8').split('\n').length;
    expect(files.filter((file) => lines(file) > 300 && !file.endsWith('module.ts'))).toEqual([]);
  });
});

function wrongImports(file: string, source: string): string[] {
  const from = dirname(file).split('/')[0]!;
  const targets = [...source.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return targets
    .map((target) => relative(SRC, resolve(SRC, dirname(file), target)))
    .filter((target) => {
      const to = dirname(target).split('/')[0]!;
      return from !== to && floorOf(from) >= floorOf(to);
    })
    .map((target) => `${file} may not import ${target}`);
}

function floorOf(folder: string): number {
  return FLOORS.findIndex((floor) => floor.includes(folder));
}
