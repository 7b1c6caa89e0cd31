import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'chain-reaction-package-'));
const path = (name: string) => join(root, name);
afterAll(() => rmSync(root, { recursive: true }));
let files: readonly string[];

beforeAll(async () => {
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', path('.')],
    { cwd: ROOT },
  );
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = packed.files.map((file) => file.path);
  const folder = path('node_modules');
  mkdirSync(folder);
  await run('tar', ['-xzf', path(packed.filename), '-C', folder]);
  await run('mv', [join(folder, 'package'), join(folder, 'chain-reaction')]);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'chain-reaction/node_modules'));
}, 60_000);

test('the oldest Node that is promised is the one that is tested', () => {
  const { engines, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
    readonly scripts: Readonly<Record<string, string>>;
  };
  expect(scripts['test:oldest']).toContain(`--package=node@${engines.node.replace('>=', '')}.0 `);
});

test('the package holds what runs, and nothing else', () => {
  const other = files.filter((file) => !/^(?:dist\/|bin\/chain-reaction\.js$)/.test(file));
  expect(other.toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  expect(files.filter((file) => /test|bench/.test(file) && !file.startsWith('dist/testing/'))).toEqual([]);
});

test('the command of the unpacked package loads a file', async () => {
  writeFileSync(path('orders.csv'), 'id,name\n1,Ada\n2,Grace\n');
  const command = path('node_modules/chain-reaction/bin/chain-reaction.js');
  const { stdout } = await run(process.execPath, [command, 'run', path('orders.csv'), '-', '--quiet']);
  expect(stdout).toBe('{"id":"1","name":"Ada"}\n{"id":"2","name":"Grace"}\n');
});

test('every entry of the unpacked package can be imported', async () => {
  const entries = [
    '',
    '/sources/file',
    '/sources/http',
    '/sources/stdin',
    '/sources/iterable',
    '/formats/csv',
  ];
  entries.push(
    '/formats/json',
    '/formats/ndjson',
    '/formats/text',
    '/formats/copy',
    '/sinks/file',
    '/sinks/stdout',
    '/sinks/http',
  );
  entries.push(
    '/sinks/sqlite',
    '/sinks/postgres',
    '/sinks/mariadb',
    '/sinks/dead-letter-file',
    '/checkpoint',
    '/testing',
  );
  const script = entries.map((entry) => `await import('chain-reaction${entry}');`).join('\n');
  writeFileSync(
    path('import.mjs'),
    `${script}\nconsole.log((await import('chain-reaction/formats/csv')).csvEncoder().name);`,
  );
  const { stdout } = await run(process.execPath, ['--no-warnings', path('import.mjs')]);
  expect(stdout).toBe('csv\n');
});
