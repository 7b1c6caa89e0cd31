import { spawn, spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, MAIN, serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('a.ndjson', lines(500));

const HAS_SCRIPT = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false;

const NO_SCRIPT = 'there is no script of util-linux to make a terminal';

const CLEAR_LINE = '\r\u001b[2K';
const COLUMNS = 60;

/** Runs the command as on a terminal. @param type is given what appears, and answers with what to type. @returns all that appears */
function onTerminal(
  args: string,
  env: NodeJS.ProcessEnv = {},
  type?: (screen: string) => string,
): Promise<{ code: number | null; screen: string }> {
  const { CI: _ci, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...clean } = process.env;
  const command = `stty cols ${COLUMNS}; exec '${process.execPath}' --no-warnings '${MAIN}' ${args}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: work.folder,
    env: { ...clean, TERM: 'xterm-256color', ...env },
    stdio: [type === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let screen = '';
  child.stdout!.on('data', (data: Buffer) => {
    screen += data.toString();
    const typed = type?.(screen) ?? '';
    if (typed !== '') child.stdin!.write(typed);
  });
  return new Promise((done) => child.on('close', (code) => done({ code, screen })));
}

describe('On a terminal', () => {
  test('a bar shows, goes away, and is followed by a summary in colour', async ({ skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    const { code, screen } = await onTerminal(`run a.ndjson ${await slowServer()} --batch-size 100`);
    expect(code).toBe(0);
    const drawings = screen.split(CLEAR_LINE).slice(1);
    expect(drawings.filter((text) => text.includes('records')).length).toBeGreaterThan(1);
    expect(drawings.at(-1)).toMatch(/^\u001b\[32m500 records written to http/);
  });

  test('no drawing of the bar is wider than the terminal', async ({ skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    const { screen } = await onTerminal(`run a.ndjson ${await slowServer()} --batch-size 100`);
    const bars = screen.split(CLEAR_LINE).filter((text) => /^(?:[█░]|\d+%|\d+ records {2})/.test(text));
    expect(bars.length).toBeGreaterThan(1);
    for (const bar of bars) expect(bar.length).toBeLessThan(COLUMNS);
  });

  test.for([
    ['CI is set', { CI: 'true' }, ''],
    ['it is dumb', { TERM: 'dumb' }, ''],
    ['it is told so', {}, '--progress log'],
    ['it is told to be quiet', {}, '--quiet'],
  ] as const)('there is no bar when %s', async ([, env, flags], { skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    const { code, screen } = await onTerminal(`run a.ndjson b.csv ${flags}`, env);
    expect(code).toBe(0);
    expect(screen).not.toContain(CLEAR_LINE);
  });

  test.for([
    [true, {}, ''],
    [false, { NO_COLOR: '1' }, ''],
    [false, { TERM: 'dumb' }, ''],
    [false, {}, '--color never'],
    [true, { NO_COLOR: '1' }, '--color always'],
  ] as const)('colours: %s with %j %s', async ([isColoured, env, flags], { skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    const { screen } = await onTerminal(`run missing.ndjson b.csv ${flags}`, env);
    expect(screen).toContain('There is no such file');
    expect(screen.includes('\u001b[31m')).toBe(isColoured);
  });

  test('a source that is the terminal itself is wrong usage, and not waited for', async ({ skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    for (const args of ['run - b.csv', 'preview -']) {
      const { code, screen } = await onTerminal(args);
      expect(code).toBe(2);
      expect(screen).toContain('which is a terminal: pipe something into it');
      expect(screen).toContain('--help');
    }
  });
});

describe('On a terminal, while the source does not answer', () => {
  test('what is read shows first, then a bar, and a typed Ctrl-C ends the wait', async ({ skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    const url = await serve(() => {}); // never answers
    let isTyped = false;
    const { code, screen } = await onTerminal(`run ${url}/x.ndjson never.csv`, {}, (soFar) => {
      if (isTyped || !soFar.includes(`${CLEAR_LINE}0 records`)) return '';
      isTyped = true;
      return '\u0003';
    });
    expect(code).toBe(130);
    expect(screen).toMatch(/^[^\n]*Reading http[^\n]* into never\.csv[^\n]*\n\r\u001b\[2K0 records /);
    expect(screen).toContain('press Ctrl-C again to stop now');
    expect(screen).toContain('Interrupted after 0 records');
    expect(screen).not.toContain('written to');
  });

  test.for([
    ['CI is set', { CI: 'true' }],
    ['it is dumb', { TERM: 'dumb' }],
  ] as const)('what is read shows, and no bar, when %s', async ([, env], { skip }) => {
    skip(!HAS_SCRIPT, NO_SCRIPT);
    let shown: string | undefined;
    let answer = () => {};
    const url = await serve((_request, response) => {
      answer = () => response.end('{"id":1}\n');
      if (shown !== undefined) answer();
    });
    const { code, screen } = await onTerminal(`run ${url}/x.ndjson plain.csv`, env, (soFar) => {
      if (shown === undefined && soFar.includes('into plain.csv')) {
        shown = soFar;
        answer();
      }
      return '';
    });
    expect(shown).toContain(`Reading ${url}/x.ndjson into plain.csv`);
    expect(code).toBe(0);
    expect(screen).not.toContain(CLEAR_LINE);
  });
});

describe('Without a terminal', () => {
  test.each([
    [false, {}],
    [true, { FORCE_COLOR: '1' }],
  ])('colours are %s with %j', async (isColoured, env) => {
    const { NO_COLOR: _noColor, ...clean } = process.env;
    const args = ['--no-warnings', MAIN, 'run', 'missing.ndjson', 'b.csv'];
    const { stderr } = spawnSync(process.execPath, args, {
      cwd: work.folder,
      encoding: 'utf8',
      env: { ...clean, ...env },
    });
    expect(stderr.includes('\u001b[31m')).toBe(isColoured);
  });
});

/** Slow enough for a bar to be seen. */
async function slowServer(): Promise<string> {
  return serve((_request, response) => setTimeout(() => response.end(), 60));
}
