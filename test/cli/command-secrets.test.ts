import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const SOURCE = work.file('a.ndjson', lines(3));
const TRANSFORM = work.file('throws.mjs', 'export default () => { throw new Error(process.env.TOKEN); };\n');
const ENV = { TOKEN: 'Bearer canary-token' };

/** A server that shows in its answer whatever it was sent, as some do. */
const echoing = (status: number) =>
  serve((request, response) => {
    response.writeHead(status, { 'retry-after': '0' });
    response.end(`${request.url} ${JSON.stringify(request.headers)}`);
  });

describe('No output holds a secret', () => {
  const CASES: readonly (readonly [what: string, args: (url: string) => readonly string[], code: number])[] =
    [
      [
        'of a header, when the sink refuses',
        (url) => ['run', SOURCE, url, '--header-env', 'Authorization=TOKEN'],
        1,
      ],
      ['of a literal header', (url) => ['run', SOURCE, url, '--header', 'X-Custom: canary-literal'], 1],
      [
        'of a header, when the source refuses',
        (url) => ['run', url, 'o.csv', '--header-env', 'Authorization=TOKEN'],
        4,
      ],
      ['of a header, in a preview', (url) => ['preview', url, '--header-env', 'Authorization=TOKEN'], 4],
      ['of the URL of a sink', (url) => ['run', SOURCE, `${withPassword(url)}/p?token=canary-query`], 1],
      ['of the URL of a source', (url) => ['run', `${withPassword(url)}/p?token=canary-query`, 'o.csv'], 4],
      ['of a URL that is not valid', () => ['run', SOURCE, 'http://u:canary@h:99999/'], 2],
      ['of a source that is none', () => ['run', 'postgres://u:canary@h/db', 'o.csv'], 2],
      ['of a sink that is none', () => ['run', SOURCE, 'mongodb://u:canary@h/db'], 2],
      ['of a database that is nowhere', () => ['run', SOURCE, 'postgres://u:canary@127.0.0.1:1/db'], 1],
      ['of a database without a name', () => ['run', SOURCE, 'mariadb://u:canary@h'], 2],
      ['of a flag that is misspelt', () => ['run', SOURCE, 'o.csv', '--heder=Authorization: canary'], 2],
      ['of an argument too many', () => ['preview', SOURCE, 'Authorization: canary'], 2],
      [
        'of a header without quotes',
        (url) => ['run', SOURCE, url, '--header', 'Authorization:', 'canary'],
        2,
      ],
      [
        'in the place of a variable',
        (url) => ['run', SOURCE, url, '--header-env', 'Authorization: canary'],
        2,
      ],
      [
        'that a transform throws',
        (url) => ['run', SOURCE, url, '--transform', TRANSFORM, '--header-env', 'A=TOKEN'],
        1,
      ],
    ];

  test.each(CASES)('%s', async (_what, args, code) => {
    const url = await echoing(401);
    const given = [
      ...args(url),
      '--debug',
      ...(args(url)[0] === 'run' ? ['--summary', work.path('s.json')] : []),
    ];
    const outcome = await work.command(given, { env: ENV });
    expect(outcome.code, outcome.stderr).toBe(code);
    expect(outcome.stderr).not.toBe('');
    const basic = Buffer.from('user:canary-password').toString('base64');
    for (const text of [outcome.stdout, outcome.stderr, ...filesOf(work.folder)]) {
      expect(text).not.toMatch(/canary/);
      expect(text).not.toContain(basic);
    }
  });

  test('of the environment goes to a server it is not for', async () => {
    const seen: string[] = [];
    const first = await serve((_request, response) => response.end('{"id":1}\n'));
    const second = await serve((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.end();
    });
    const args = ['run', first, second, '--format', 'ndjson'];
    const refused = await work.command([...args, '--header-env', 'Authorization=TOKEN'], { env: ENV });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--source-header or --sink-header');
    expect(seen).toEqual([]);
    const told = await work.command([...args, '--source-header-env', 'Authorization=TOKEN'], { env: ENV });
    expect(told.code, told.stderr).toBe(0);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toContain('canary');
  });
});

function withPassword(url: string): string {
  return url.replace('//', '//user:canary-password@');
}

/** What the command has written; not what the test itself has. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'));
}
