import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, outcomeOf, serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('ok.ndjson', lines(3));
work.file('long.ndjson', lines(50_000));
work.file('bad.ndjson', '{"id":1}\n{x\n');

describe('A reader that leaves', () => {
  test.each([
    ['the sink is stdout', '$COMMAND run long.ndjson - | head -1 >/dev/null', 0],
    ['it is a preview', '$COMMAND preview long.ndjson --records 5000 | true', 0],
    ['records were set aside', '$COMMAND run bad.ndjson o.csv --dead-letters d.ndjson --json | true', 3],
    ['the run has failed', '$COMMAND run bad.ndjson o.csv --json | true', 4],
  ])('leaves the exit code what it is when %s', async (_what, script, code) => {
    const { stdout, stderr } = await work.shell(`${script}; echo "\${PIPESTATUS[0]}"`);
    expect(stdout).toBe(`${code}\n`);
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  });

  test('of stderr does not make a failure of a run', async () => {
    const { stdout } = await work.shell(
      '$COMMAND run ok.ndjson e.csv 2>&1 >/dev/null | true; echo "${PIPESTATUS[0]}"',
    );
    expect(stdout).toBe('0\n');
    expect(readFileSync(work.path('e.csv'), 'utf8')).toBe('id\n0\n1\n2\n');
  });
});

describe('A full disk behind stdout', () => {
  test.for([
    ['run ok.ndjson -', 'could not be written to stdout: ENOSPC'],
    ['run ok.ndjson f.csv --json', 'stdout could not be written: ENOSPC'],
    ['preview ok.ndjson', 'stdout could not be written: ENOSPC'],
  ] as const)('is a failure of %s', async ([args, message], { skip }) => {
    skip(!existsSync('/dev/full'), 'there is no /dev/full');
    const { code, stderr } = await work.shell(`$COMMAND ${args} >/dev/full`);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('Pipes', () => {
  test('bring records in and out', async () => {
    const { stdout } = await work.shell(
      'cat ok.ndjson | $COMMAND run - p.ndjson --quiet && $COMMAND run p.ndjson - --quiet | cat',
    );
    expect(stdout).toBe('{"id":0}\n{"id":1}\n{"id":2}\n');
  });

  test('do not keep a command waiting that has what it wants', async () => {
    const child = work.start(['preview', '-', '--records', '1', '--format', 'ndjson']);
    child.stdin.on('error', () => {});
    child.stdin.write(lines(40_000));
    expect(await outcomeOf(child)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('{"id":0}') as string,
    });
  });
});

describe('A run that cannot end by itself', () => {
  test('is a failure when a transform never answers, and leaves no file behind', async () => {
    work.file('never.mjs', 'export default () => new Promise(() => {});\n');
    const { code, stderr } = await work.command(['run', 'ok.ndjson', 'n.csv', '--transform', 'never.mjs']);
    expect(code).toBe(1);
    expect(stderr).toContain('it came to a standstill');
    expect(stderr).toContain('3 records read and not written: ok.ndjson: 1–3');
    expect(readdirSync(work.folder).filter((name) => name.includes('n.csv'))).toEqual([]);
  });

  test('ends all the same when a transform leaves something open', async () => {
    work.file('open.mjs', 'setInterval(() => {}, 1_000);\nexport default (record) => record;\n');
    const outcome = await work.command(['run', 'ok.ndjson', 'x.csv', '--transform', 'open.mjs']);
    expect(outcome.code).toBe(0);
    expect(existsSync(work.path('x.csv'))).toBe(true);
  });

  test('fails in lines, not in a trace, when a transform throws outside of its call', async () => {
    work.file(
      'late.mjs',
      'export default (r) => { setTimeout(() => { throw new Error("too late"); }, 0); return r; };\n',
    );
    const args = ['run', 'long.ndjson', 'l.csv', '--transform', 'late.mjs'];
    const { code, stderr } = await work.command(args);
    expect(code).toBe(1);
    expect(stderr).toContain('too late\n--debug shows where it arose\n');
    expect((await work.command([...args, '--debug'])).stderr).toMatch(/\n\s+at .*late\.mjs/);
  });
});

describe('A transform module', () => {
  test.each([
    ['is not there', 'missing.mjs', 'could not be loaded'],
    ['cannot be read', work.file('syntax.mjs', 'export default ('), 'could not be loaded'],
    ['exports nothing', work.file('nothing.mjs', ''), 'must export a function'],
    ['exports an empty list', work.file('empty.mjs', 'export default [];'), 'must export a function'],
  ])('that %s is wrong usage', async (_what, file, message) => {
    const { code, stderr } = await work.command(['run', 'ok.ndjson', 'o.csv', '--transform', file]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('may export several functions', async () => {
    work.file('two.mjs', 'export default [({ id }) => (id === 0 ? null : id), (id) => ({ id: id * 10 })];');
    const { stdout } = await work.command(['run', 'ok.ndjson', '-', '--transform', 'two.mjs', '--quiet']);
    expect(stdout).toBe('{"id":10}\n{"id":20}\n');
  });
});

describe('Stdout is for data', () => {
  test.each([
    [['run', 'ok.ndjson', '-', '--json']],
    [['run', 'ok.ndjson', '-', '--json', '--batch-size', 'many']],
    [['run', 'missing.ndjson', '-', '--summary', 's.json', '--json']],
  ])('when it is the sink: %j writes nothing else there', async (args) => {
    expect(await work.command(args)).toMatchObject({ stdout: '' });
  });

  test('when it is asked for one summary: a failure is one, too', async () => {
    const { stdout, code } = await work.command(['run', 'bad.ndjson', 'o.csv', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      exitCode: code,
      code: 'MALFORMED_RECORD',
      message: expect.stringContaining('bad.ndjson:2') as string,
      written: 0,
    });
  });
});

describe('Stderr', () => {
  test('cannot be steered by the name of a file', async () => {
    const name = 'x\u001b[31m\nfake.ndjson';
    work.file(name, lines(1));
    const { code, stderr } = await work.command(['run', name, 'c.csv']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toMatch(/^fake/m);
  });

  test('is only JSON with --progress json, while all goes well', async () => {
    const { stderr } = await work.command(['run', 'ok.ndjson', 'j.csv', '--progress', 'json']);
    const said = stderr
      .trim()
      .split('\n')
      .map((line) => Object.keys(JSON.parse(line) as object)[0]);
    expect(said[0]).toBe('note');
    expect(said).toContain('progress');
    expect(said.at(-1)).toBe('summary');
  });

  test('tells with --progress json how chunks are being written, where that is adaptive', async () => {
    const flags = ['--concurrency', 'adaptive', '--batch-size', 'adaptive', '--order-by', 'id'];
    const { stderr, code } = await work.command([
      'run',
      'ok.ndjson',
      'sqlite:pace.db?table=rows',
      ...['--progress', 'json', ...flags],
    ]);
    expect(code).toBe(0);
    const said = stderr.split('\n').find((line) => line.startsWith('{"progress"'));
    expect(JSON.parse(said!)).toMatchObject({ progress: { concurrency: 1, batchSize: 1_000 } });
  });

  test('says what is read before anything is asked of a server', async () => {
    let said = '';
    let saidBefore: string | undefined;
    const url = await serve((_request, response) => {
      saidBefore ??= said;
      response.end('{"id":1}\n');
    });
    const child = work.start(['run', `${url}/x.ndjson`, 'w.csv']);
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    await outcomeOf(child);
    expect(saidBefore).toBe(`Reading ${url}/x.ndjson into w.csv\n`);
  });

  test('names a table that nobody named', async () => {
    const { stderr } = await work.command(['run', 'ok.ndjson', 'sqlite:t.db']);
    expect(stderr).toContain('into t.db (table ok)\nThe table is named after the source');
  });

  test('tells of each retry, and what to do when none helped', async () => {
    const url = await serve((_request, response) => response.writeHead(503, { 'retry-after': '0' }).end());
    const { code, stderr } = await work.command(['run', 'ok.ndjson', url, '--max-retries', '1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Chunk 1: retry 1 in 1 s \(HTTP 503\)/);
    expect(stderr).toContain('The sink asks for time');
  });
});

describe('An interrupt', () => {
  test('does not wait for a stdin that stays open', async () => {
    const child = work.start(['run', '-', 'i.csv']);
    const outcome = outcomeOf(child);
    child.stdin.on('error', () => {});
    child.stdin.write(`${lines(10_000)}\n`);
    await said(child, 'stdin is ndjson');
    child.kill('SIGINT');
    const { code, stderr } = await outcome;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Interrupted after [\d,]+ records? .*: what comes after them was not read/);
    expect(existsSync(work.path('i.csv'))).toBe(false);
    child.stdin.destroy();
  });

  test('hides no error that comes after it', async () => {
    let child: ReturnType<Workplace['start']> | undefined;
    const url = await serve((_request, response) => {
      const finishing = said(child!, 'Finishing');
      child!.kill('SIGTERM');
      void finishing.then(() => response.writeHead(403).end('no such table'));
    });
    child = work.start(['run', 'long.ndjson', url, '--batch-size', '100']);
    const { code, stderr } = await outcomeOf(child);
    expect(code).toBe(143);
    expect(stderr).toContain('HTTP 403 Forbidden: no such table');
  });
});

/** Resolves when the command has said something on stderr. */
function said(child: ReturnType<Workplace['start']>, words: string): Promise<void> {
  let text = '';
  return new Promise((done) => {
    child.stderr.on('data', (data: Buffer) => {
      text += data.toString();
      if (text.includes(words)) done();
    });
  });
}
