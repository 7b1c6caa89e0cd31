import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('orders.ndjson', lines(300));

/** A server that takes requests of a bounded size, without some records, and each key once. */
async function api(isBad: (id: number) => boolean, maxBytes = Number.POSITIVE_INFINITY) {
  const taken: number[] = [];
  const keys: string[] = [];
  const url = await serve(({ headers }, response, body) => {
    if (body.length > maxBytes) {
      response.writeHead(413).end('too large');
      return;
    }
    const ids = (JSON.parse(body) as readonly { readonly id: number }[]).map(({ id }) => id);
    if (ids.some(isBad)) {
      response.writeHead(422).end('an order without a name');
      return;
    }
    keys.push(headers['idempotency-key'] as string);
    taken.push(...ids);
    response.end();
  });
  return { url, taken, keys };
}

const letters = (file: string) =>
  readFileSync(work.path(file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('chain-reaction run, into an API that refuses records', () => {
  test('sets them aside with --dead-letters, and ends with 3', async () => {
    const { url, taken, keys } = await api((id) => id % 100 === 42, 1_000);
    const { code, stderr } = await work.command([
      'run',
      'orders.ndjson',
      url,
      '--batch-size=100',
      '--dead-letters=dead.ndjson',
    ]);
    expect(stderr).toContain('300 records read, 3 refused, set aside in dead.ndjson');
    expect(code).toBe(3);
    expect(letters('dead.ndjson')).toMatchObject(
      [42, 142, 242].map((id) => ({
        source: 'orders.ndjson',
        record: id + 1,
        line: id + 1,
        code: 'REFUSED_RECORD',
        reason: 'HTTP 422 Unprocessable Entity: an order without a name',
        chunk: expect.stringMatching(/^[0-9a-f]{64}$/),
        attempts: expect.any(Number),
        raw: `{"id":${id}}`,
      })),
    );
    expect(taken).toEqual(Array.from({ length: 300 }, (_, id) => id).filter((id) => id % 100 !== 42));
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('ends with 1 at the first without it, names it, and says what helps', async () => {
    const { url } = await api((id) => id >= 142);
    const { code, stderr } = await work.command(['run', 'orders.ndjson', url, '--batch-size=100']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/orders\.ndjson:143 \(record 143, byte \d+\) \(chunk 2\) could not be written/);
    expect(stderr).toContain('HTTP 422 Unprocessable Entity: an order without a name');
    expect(stderr).toContain('Set such records aside and go on with --dead-letters FILE');
    expect(stderr).toContain('142 records written');
  });

  test.each([
    ['--max-invalid=2', 300, 2],
    ['--max-invalid=1%', 2_000, undefined],
  ])('ends with 6 when there are more than %s', async (flag, count, kept) => {
    work.file('many.ndjson', lines(count));
    const { url } = await api((id) => id % 50 === 7);
    const file = `dead-${count}.ndjson`;
    const args = ['run', 'many.ndjson', url, '--batch-size=1000', `--dead-letters=${file}`, flag, '--json'];
    const { code, stdout, stderr } = await work.command(args);
    expect(code).toBe(6);
    const summary = JSON.parse(stdout) as { readonly deadLettered: number };
    expect(summary).toMatchObject({ ok: false, exitCode: 6, code: 'TOO_MANY_INVALID' });
    expect(letters(file)).toHaveLength(summary.deadLettered);
    if (kept !== undefined) expect(summary.deadLettered).toBe(kept);
    expect(stderr).toContain('Look at the dead letters for the reasons');
  });

  test('goes on where --max-invalid is not exceeded', async () => {
    const { url } = await api((id) => id === 7);
    const args = ['run', 'orders.ndjson', url, '--dead-letters=few.ndjson', '--max-invalid=1', '--quiet'];
    expect(await work.command(args)).toMatchObject({ code: 3, stderr: '' });
    expect(letters('few.ndjson')).toHaveLength(1);
  });

  test('sets one record aside that is too large alone', async () => {
    work.file('large.ndjson', `${lines(5)}\n{"id":5,"text":"${'x'.repeat(2_000)}"}\n{"id":6}\n`);
    const { url, taken } = await api(() => false, 1_000);
    const args = ['run', 'large.ndjson', url, '--dead-letters=large-dead.ndjson', '--quiet'];
    expect(await work.command(args)).toMatchObject({ code: 3 });
    expect(taken).toEqual([0, 1, 2, 3, 4, 6]);
    expect(letters('large-dead.ndjson')).toMatchObject([
      { record: 6, reason: expect.stringContaining('413') },
    ]);
  });
});

describe('chain-reaction run, again after records were set aside', () => {
  test('says so, and ends with 3 again, as not all of them are written', async () => {
    work.file('some-bad.csv', 'id\n1\n2,3\n4\n');
    const args = ['run', 'some-bad.csv', 'some.ndjson', '--dead-letters', 'some-bad.letters', '--json'];
    expect(await work.command(args)).toMatchObject({ code: 3 });
    const { code, stdout, stderr } = await work.command(args);
    expect(stderr).toContain('Finished already');
    expect(stderr).toContain('1 record set aside before\n');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      exitCode: 3,
      deadLettered: 0,
      deadLetteredBefore: 1,
    });
    expect(code).toBe(3);
  });

  test('tells on --restart that the letters of before stay', async () => {
    const args = ['run', 'some-bad.csv', 'some.ndjson', '--dead-letters', 'some-bad.letters', '--restart'];
    const { code, stderr } = await work.command(args);
    expect(stderr).toContain(
      'some-bad.letters keeps the letters it has; those of this run come behind them\n',
    );
    expect(code).toBe(3);
    expect(letters('some-bad.letters')).toHaveLength(2);
    work.file('some-bad.letters', readFileSync(work.path('some-bad.letters'), 'utf8').split('\n')[0]! + '\n');
  });

  test('does not send what was malformed as text, unless a transform mends it', async () => {
    work.file('mend.mjs', 'export default (text) => ({ id: text.split(",")[0] });');
    const sent = await work.command(['replay', 'some-bad.letters', 'sent.ndjson']);
    expect(sent.stderr).toContain(
      'The record of the letter is malformed: mend it in the letter, or in a transform',
    );
    expect(sent.code).not.toBe(0);
    expect(
      (await work.command(['replay', 'some-bad.letters', 'sent.ndjson', '--transform', 'mend.mjs'])).code,
    ).toBe(0);
    expect(readFileSync(work.path('sent.ndjson'), 'utf8')).toBe('{"id":"2"}\n');
  });
});
