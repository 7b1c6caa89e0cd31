/**
 * Writes `dist/`: one module for each that the package exports, and what they share in a few others. Hundreds of small
 * modules would take twice the memory, and longer to load. Types stay where they are in `src/`, written by the compiler.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const ENTRIES = [
  'src/index.ts',
  'src/{sources/*-source,formats/*-format,sinks/*-sink,sinks/dead-letter-file}.ts',
  'src/{checkpoint,testing}/index.ts',
  'src/cli/main.ts',
];

const files = globSync(ENTRIES, { cwd: ROOT });
await build({
  cwd: ROOT,
  input: Object.fromEntries(files.map((file) => [file.slice('src/'.length, -'.ts'.length), file])),
  platform: 'node',
  external: /^[^./]/,
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: 'shared/[name].js',
    comments: false,
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  },
  logLevel: 'warn',
});
