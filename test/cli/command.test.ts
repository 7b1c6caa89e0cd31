import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'command-'));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const path = (name: string) => join(folder, name);
const lines = (count: number) => Array.from({ length: count }, (_, id) => `{"id":${id}}`).join('\n');

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(path(name), content);
  return path(name);
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--no-warnings', MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
}

function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

async function command(args: readonly string[], { stdin = '', env = {} } = {}): Promise<Outcome> {
  const child = start(args, env);
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return outcomeOf(child);
}

async function serve(
  answer: (request: IncomingMessage, body: string) => { status: number; body?: string },
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      const { status, body: text = '' } = answer(request, body);
      response.writeHead(status).end(text);
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('chain-reaction run', () => {
  test('loads a file into SQLite, and says what it did', async () => {
    const source = file('orders.json', `[${lines(1_234).replaceAll('\n', ',')}]`);
    const { code, stderr, stdout } = await command([
      'run',
      source,
      `sqlite:${path('orders.db')}?table=orders`,
      '--key',
      'id',
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^Reading .*orders\.json \(13\.7 kB\) into .*orders\.db \(table orders\)\n.*orders\.json is json\n1,234 records written to .*orders\.db \(table orders\) in .* – .* records\/s, 2 chunks, 0 retries\n$/,
    );
    expect(
      new DatabaseSync(path('orders.db')).prepare('select count(*) as n from orders').get(),
    ).toMatchObject({ n: 1_234 });
  });

  test('names the table after the source when none is named', async () => {
    await command(['run', file('users.ndjson', lines(3)), `sqlite:${path('users.db')}`]);
    expect(new DatabaseSync(path('users.db')).prepare('select count(*) as n from users').get()).toMatchObject(
      { n: 3 },
    );
  });

  test('reads stdin and writes stdout, data only', async () => {
    const { code, stdout } = await command(['run', '-', '-'], { stdin: 'id,name\n1,Ada\n2,Grace\n' });
    expect(code).toBe(0);
    expect(stdout).toBe('{"id":"1","name":"Ada"}\n{"id":"2","name":"Grace"}\n');
  });

  test('reads several sources and globs, compressed or not, in order', async () => {
    file('part-1.ndjson', '{"id":1}\n');
    file('part-2.ndjson.gz', gzipSync('{"id":2}\n'));
    const { stdout } = await command(['run', file('first.csv', 'id\n0\n'), 'part-*', '-', '--quiet']);
    expect(stdout).toBe('{"id":"0"}\n{"id":1}\n{"id":2}\n');
  });

  test('posts chunks with headers from the environment, and shows no secret', async () => {
    const seen: { authorization: string | undefined; key: string | undefined; body: unknown }[] = [];
    const url = await serve(({ headers }, body) => {
      seen.push({
        authorization: headers.authorization,
        key: headers['idempotency-key'] as string,
        body: JSON.parse(body),
      });
      return { status: seen.length === 1 ? 403 : 201, body: 'the server says no' };
    });
    const args = [
      'run',
      file('post.ndjson', lines(150)),
      url.replace('//', '//user:canary-password@'),
      '--batch-size',
      '100',
    ];
    const env = { TOKEN: 'Bearer canary-token' };
    const refused = await command([...args, '--header-env', 'X-Token=TOKEN', '--json'], { env });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('HTTP 403 Forbidden: the server says no (1 attempt)');
    const taken = await command([...args, '--header-env', 'Authorization=TOKEN'], { env });
    expect(taken.code).toBe(0);
    expect(seen.slice(1).map(({ body }) => (body as unknown[]).length)).toEqual([100, 50]);
    expect(seen[1]!.authorization).toBe('Bearer canary-token');
    expect(seen[0]!.key).toBe(seen[1]!.key);
    for (const output of [refused.stdout, refused.stderr, taken.stdout, taken.stderr])
      expect(output).not.toContain('canary');
  });

  test('warns of a secret on the command line, without showing it', async () => {
    const url = await serve(() => ({ status: 200 }));
    const { stderr } = await command([
      'run',
      file('w.ndjson', lines(1)),
      url,
      '--header',
      'Authorization: canary',
    ]);
    expect(stderr).toContain('--header Authorization shows in the list of processes');
    expect(stderr).not.toContain('canary');
  });

  test('runs a transform module', async () => {
    const transform = file(
      'double.ts',
      'export default ({ id }: { id: number }) => (id === 1 ? null : { id: id * 2 });\n',
    );
    const { stdout, stderr } = await command([
      'run',
      file('t.ndjson', lines(3)),
      '-',
      '--transform',
      transform,
    ]);
    expect(stdout).toBe('{"id":0}\n{"id":4}\n');
    expect(stderr).toContain('3 records read, 1 filtered');
  });

  test('writes one summary object with --json', async () => {
    const { stdout, code } = await command([
      'run',
      file('j.ndjson', lines(5)),
      path('j.csv'),
      '--json',
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, read: 5, written: 5, chunks: 1, unaccounted: [] });
    expect(readFileSync(path('j.csv'), 'utf8')).toBe('id\n0\n1\n2\n3\n4\n');
  });

  test('writes the summary into a file when stdout is the sink', async () => {
    const refused = await command(['run', file('s.ndjson', lines(1)), '-', '--json']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--summary FILE') });
    await command(['run', path('s.ndjson'), '-', '--json', '--summary', path('s.json')]);
    expect(JSON.parse(readFileSync(path('s.json'), 'utf8'))).toMatchObject({ ok: true, written: 1 });
  });

  test('is quiet when it is told to be, but for errors', async () => {
    expect(await command(['run', file('q.ndjson', lines(1)), path('q.csv'), '--quiet'])).toMatchObject({
      stderr: '',
    });
    expect((await command(['run', 'missing.ndjson', path('q.csv'), '--quiet'])).stderr).toContain(
      'There is no such file',
    );
  });

  test('tells progress as JSON', async () => {
    const { stderr } = await command([
      'run',
      file('p.ndjson', lines(10)),
      path('p.csv'),
      '--progress',
      'json',
    ]);
    const progress = stderr
      .split('\n')
      .filter((line) => line.startsWith('{"progress"'))
      .map((line) => JSON.parse(line) as object);
    expect(progress.length).toBeGreaterThan(0);
    expect(progress[0]).toMatchObject({ progress: { totalBytes: expect.any(Number) as number } });
  });

  test('says what it reads before the first record is written', async () => {
    let noteBeforeRequest = false;
    let stderr = '';
    const url = await serve(() => {
      noteBeforeRequest = stderr.startsWith('Reading');
      return { status: 200 };
    });
    const child = start(['run', file('n.ndjson', lines(1)), url]);
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    await outcomeOf(child);
    expect(noteBeforeRequest).toBe(true);
  });
});

describe('The exit code', () => {
  const bad = file('bad.ndjson', '{"id":1}\n{"id":\n');
  test.each([
    ['0 when all records are written', ['run', file('ok.ndjson', lines(1)), path('ok.csv')], 0, ''],
    [
      '1 when the sink is not there',
      ['run', path('ok.ndjson'), 'http://127.0.0.1:45999/', '--max-retries', '0'],
      1,
      'ECONNREFUSED',
    ],
    [
      '2 for a wrong value',
      ['run', path('ok.ndjson'), path('x.csv'), '--batch-size', '5'],
      2,
      '--batch-size must be an integer from 100 to 10,000, or "adaptive", got 5',
    ],
    [
      '2 for a wrong flag',
      ['run', path('ok.ndjson'), path('x.csv'), '--batchsize', '5'],
      2,
      'Did you mean --batch-size?',
    ],
    ['2 for a wrong command', ['rum'], 2, 'Did you mean run?'],
    ['2 for no sink', ['run', path('ok.ndjson')], 2, 'run needs at least one source and, last, a sink'],
    ['2 for an unknown sink', ['run', path('ok.ndjson'), 'ftp://x/y'], 2, 'There is no sink ftp:'],
    ['2 for nothing at all', [], 2, 'Usage: chain-reaction'],
    [
      '3 when records were set aside',
      ['run', bad, path('x.csv'), '--dead-letters', path('letters.ndjson')],
      3,
      '2 records read, 1 invalid, set aside in ',
    ],
    [
      '4 for malformed input',
      ['run', bad, path('x.csv')],
      4,
      'bad.ndjson:2 (record 2, byte 9): Unexpected end of JSON input\nSet such records aside',
    ],
    ['4 for input that is not there', ['run', 'no.json', path('x.csv')], 4, 'no.json: There is no such file'],
    [
      '4 for input cut short',
      ['run', file('cut.json.gz', gzipSync(lines(99)).subarray(0, 60)), path('x.csv')],
      4,
      'ends too early',
    ],
    [
      '4 for a path that is not there',
      ['run', file('p.json', '{"a":1}'), path('x.csv'), '--path', 'data.items'],
      4,
      'preview',
    ],
  ] as const)('is %s', async (_name, args, code, message) => {
    const outcome = await command(args);
    expect(outcome.stderr).toContain(message);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
  });

  test('comes with a file under its final name only when the run is complete', async () => {
    await command(['run', bad, path('never.csv')]);
    expect(existsSync(path('never.csv'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  /** A run against a server that is slow, interrupted when the first chunk has arrived. */
  async function interrupted(signals: readonly NodeJS.Signals[]) {
    let requests = 0;
    let release = () => {};
    const arrived = new Promise<void>((done) => {
      release = done;
    });
    const server = createServer((request, response) => {
      request.resume();
      requests++;
      release();
      setTimeout(() => response.end(), 300);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = start(['run', file('slow.ndjson', lines(200_000)), url, '--batch-size', '100', '--json']);
    const outcome = outcomeOf(child);
    await arrived;
    for (const signal of signals) {
      child.kill(signal);
      await new Promise((done) => setTimeout(done, 50));
    }
    return { ...(await outcome), requests };
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '(%s) finishes what is being written, and exits with %i',
    async (signal, code) => {
      const outcome = await interrupted([signal, signal].slice(0, 1));
      expect(outcome.code).toBe(code);
      expect(outcome.stderr).toContain('press Ctrl-C again to stop now');
      const summary = JSON.parse(outcome.stdout) as { ok: boolean; written: number; read: number };
      expect(summary).toMatchObject({ ok: false, code: 'ABORTED' });
      expect(summary.written).toBe(outcome.requests * 100);
      expect(outcome.requests).toBeLessThanOrEqual(3);
      expect(outcome.stderr).toContain('read and not written');
    },
    60_000,
  );

  test('a second time stops at once', async () => {
    const outcome = await interrupted(['SIGINT', 'SIGINT']);
    expect(outcome.code).toBe(130);
    expect(outcome.stdout).toBe('');
    expect(outcome.requests).toBe(1);
  });
});

describe('A reader that leaves', () => {
  test('ends the command without a trace', () => {
    const source = file('long.ndjson', lines(50_000));
    const script = `"${process.execPath}" --no-warnings "${MAIN}" run "${source}" - | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stdout).toBe('{"id":0}\n0\n');
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  });
});

describe('chain-reaction preview', () => {
  test('shows format, compression, size, columns and the first records', async () => {
    const source = file('preview.csv.gz', gzipSync('id,name\n1,Ada\n2,\u001b[31mred\n'));
    const { code, stdout } = await command(['preview', source, '--cast']);
    expect(code).toBe(0);
    expect(stdout).toContain('format   csv, gzip');
    expect(stdout).toContain('columns  id: number\n         name: string');
    expect(stdout).toContain('{"id":1,"name":"Ada"}');
    expect(stdout).not.toContain('\u001b');
  });

  test('tells where the input is malformed', async () => {
    const { code, stderr } = await command(['preview', file('broken.json', '[{"a":1},]')]);
    expect(code).toBe(4);
    expect(stderr).toContain('broken.json (record 2, byte 9)');
  });
});

describe('Help', () => {
  test('begins with examples, and tells the exit codes', async () => {
    const { code, stdout } = await command(['--help']);
    expect(code).toBe(0);
    expect(stdout.trimStart()).toMatch(/^Examples:/);
    expect(stdout).toContain('Exit codes:\n  0    all records written');
  });

  test('and version exit with 0', async () => {
    expect(await command(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
    expect((await command(['run', '--help'])).stdout).toContain('--batch-size');
  });
});
