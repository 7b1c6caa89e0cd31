/**
 * Writes the modules of `dist/`: one for each entry of the package, and what they share in one more. Hundreds of small
 * modules would take twice the time to load, and ten megabytes more of memory. The compiler writes their types.
 */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const ENTRIES = [
  'src/index.ts',
  'src/{sources/*-source,formats/*-format,sinks/*-sink,sinks/dead-letter-file}.ts',
  'src/{checkpoint,testing}/index.ts',
  'src/cli/main.ts',
];

/** An engine keeps a text with any character beyond Latin-1 in twice the memory. */
const inAscii: Plugin = {
  name: 'in-ascii',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) if (file.type === 'chunk') file.code = escaped(file.code);
  },
};

function escaped(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const files = globSync(ENTRIES, { cwd: ROOT });
rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
await build({
  cwd: ROOT,
  input: Object.fromEntries(files.map((file) => [file.slice('src/'.length, -'.ts'.length), file])),
  platform: 'node',
  external: /^[^./]/,
  plugins: [inAscii],
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: 'shared/[name].js',
    comments: false,
    codeSplitting: {
      groups: [
        // what the command needs before it knows what it is asked for
        { name: 'failures', test: /src\/(failures\/|core\/errors|delivery\/write-error)/, priority: 2 },
        { name: 'shared', test: /src\/(?!cli|testing)/, minShareCount: 2, priority: 1 },
      ],
    },
  },
});
