import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * Every block of code in the README and in docs/, and every example, runs: `ts` blocks as modules of their own, `sh`
 * blocks line by line. They may write into the folder tmp. A block behind `<!-- not run: REASON -->` is not run. All
 * that is TypeScript compiles with the options of this project.
 */
const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'tmp');
const BLOCK = /(<!-- not run: ([^>]*) -->\n)?```(ts|sh)\n([\s\S]*?)```/g;

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const blocks = pages.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(BLOCK)].map(([, , reason, language, code], i) => ({
    name: `${page}, block ${i + 1}`,
    reason,
    language: language!,
    code: code!,
  })),
);
const modules = blocks.filter(({ language }) => language === 'ts');
const examples = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'));

beforeAll(() => {
  expect(existsSync(join(ROOT, 'dist/index.js')), 'npm run build comes first').toBe(true);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  for (const { name, code } of modules) writeFileSync(fileOf(name), code);
});

afterAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
});

describe('The docs', () => {
  test('and the examples compile', async () => {
    const config = { extends: '../tsconfig.json', include: ['*.ts', '../examples'] };
    writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
    const tsc = ['node_modules/typescript/bin/tsc', '-p', FOLDER, '--pretty', 'false'];
    expect(await run(process.execPath, tsc)).toEqual({ status: 0, output: '' });
  });

  test.each(modules.filter(({ reason }) => reason === undefined))('$name runs', async ({ code, name }) => {
    const { status, output } = await run(process.execPath, ['--no-warnings', fileOf(name)]);
    expect({ status, output }).toMatchObject({ status: 0 });
    for (const line of promisedBy(code)) expect(output).toContain(line);
  });

  const lines = blocks
    .filter(({ reason, language }) => reason === undefined && language === 'sh')
    .flatMap(({ code, name }) => code.split('\n').map((line) => ({ line: line.trim(), name })))
    .filter(({ line }) => line.startsWith('npx chain-reaction'));

  test.each(lines)('$name: $line runs', async ({ line }) => {
    const command = line.replace('npx chain-reaction', `"${process.execPath}" bin/chain-reaction.js`);
    expect(await run('sh', ['-c', command])).toMatchObject({ status: 0 });
  });
});

describe('What the docs name', () => {
  const text = pages.map((page) => readFileSync(join(ROOT, page), 'utf8')).join('\n');
  const named = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))];

  test('as a test exists', () => {
    const tests = named(/`(test\/[^`]+)`/g);
    expect(tests.length).toBeGreaterThan(10);
    expect(tests.filter((name) => globSync(name, { cwd: ROOT }).length === 0)).toEqual([]);
  });

  test('as a script of npm exists', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const names = named(/\bnpm run ([\w:-]+)/g);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

describe('The examples', () => {
  test('are at least six', () => {
    expect(examples.length).toBeGreaterThanOrEqual(6);
  });

  test.each(examples)('%s runs', async (name) => {
    const { status, output } = await run(process.execPath, ['--no-warnings', `examples/${name}`]);
    expect({ status, output }).toMatchObject({ status: 0 });
    const promised = promisedBy(readFileSync(join(ROOT, 'examples', name), 'utf8'));
    expect(promised, 'a comment "// prints: …"').not.toEqual([]);
    for (const line of promised) expect(output).toContain(line);
  });
});

/** The file of a block, whose name is in the errors of the compiler. */
function fileOf(name: string): string {
  return join(FOLDER, `${name.replaceAll(/\W+/g, '-')}.ts`);
}

/** What a piece of code says that it prints: behind `console.log(…);`, or on lines of their own. */
function promisedBy(code: string): readonly string[] {
  return [...code.matchAll(/(?:console\.log\(.*\); \/\/|^\/\/ prints:) (.+)$/gm)].map(([, text]) =>
    text!.trim(),
  );
}

function run(command: string, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, CI: 'true' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    child.stdin.end();
    child.on('close', (status) => done({ status, output }));
  });
}
