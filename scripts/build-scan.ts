import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main as compile } from 'assemblyscript/asc';
import { C } from '../src/scan/csv/state.ts';
import { A, S } from '../src/scan/json/table.ts';

const WASM = join(import.meta.dirname, '../src/scan/wasm');
const ASSEMBLY = join(WASM, 'assembly');
const MODULE = join(WASM, 'module.ts');

/** Changes the text of a source before it is compiled: for tests that must notice. */
export type Change = (name: string, text: string) => string;

/** Compiles the scanner. @returns the text of the module that holds the bytes */
export async function buildModule(): Promise<string> {
  const wasm = await compileAssembly();
  return `/** The compiled scanner of \`assembly/\`, written by \`npm run build:scan\`. */
export const MODULE =
  '${Buffer.from(wasm).toString('base64')}';
`;
}

const OPTIONS = '--outFile scan.wasm --runtime stub --enable simd --initialMemory 141 --noAssert';
const SPEED = { fast: '-O3 --converge', quicklyCompiled: '-O1' } as const;

export async function compileAssembly(
  change: Change = (_, text) => text,
  speed: keyof typeof SPEED = 'fast',
): Promise<Uint8Array> {
  const files = written();
  let wasm: Uint8Array | undefined;
  const { error } = await compile(['index.ts', ...`${OPTIONS} ${SPEED[speed]}`.split(' ')], {
    stderr: process.stderr,
    readFile: (name) =>
      files[name] ??
      readFile(join(ASSEMBLY, name), 'utf8').then(
        (text) => change(name, text),
        () => null,
      ),
    writeFile: (_name, contents) => {
      wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null) throw error;
  return wasm!;
}

/** Files that exist for the compiler only, so that the tables are written down once. */
function written(): Readonly<Record<string, string>> {
  return {
    'grammar.ts': `${constants(S)}${constants(A)}export const FIRST_ACTION: i32 = ${A.openObject};\n`,
    'csv-states.ts': constants(C),
  };
}

/** `openArray: 129` as `export const OPEN_ARRAY: i32 = 129;`. */
function constants(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const upper = name
        .replaceAll(/[A-Z0-9]+/g, (part) => (/\d/.test(part) ? part : `_${part}`))
        .toUpperCase();
      return `export const ${upper}: i32 = ${value};\n`;
    })
    .join('');
}

if (import.meta.main) writeFileSync(MODULE, await buildModule());
