import { afterAll, describe, expect, test } from 'vitest';
import { lines, serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('orders.ndjson', lines(250));

/** A server that does the work of its first request, and is cut off before it has answered. */
async function api() {
  const keys: string[] = [];
  const url = await serve(({ headers, socket }, response) => {
    keys.push(headers['idempotency-key'] as string);
    if (keys.length === 1) socket.resetAndDestroy();
    else response.end();
  });
  return { url, keys };
}

describe('chain-reaction run, into an API whose answer gets lost', () => {
  test('says that records may be written twice, and ends with 3', async () => {
    const { url, keys } = await api();
    const run = await work.command(['run', 'orders.ndjson', url, '--batch-size=100', '--json']);
    expect(run.stderr).toContain('Up to 100 records may be written twice: the answer to a write got lost');
    expect(run.code).toBe(3);
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: true,
      exitCode: 3,
      written: 250,
      possibleDuplicates: 100,
    });
    expect(keys).toHaveLength(4);
  });

  test('ends with 0 when the server honours the keys', async () => {
    const { url, keys } = await api();
    const run = await work.command(['run', 'orders.ndjson', url, '--batch-size=100', '--keys-honoured']);
    expect(run.stderr).not.toContain('twice');
    expect(run.code).toBe(0);
    expect(keys[1]).toBe(keys[0]);
  });

  test('stops with --on-unknown-outcome fail, and says that the chunk may be written', async () => {
    const { url, keys } = await api();
    const run = await work.command(['run', 'orders.ndjson', url, '--on-unknown-outcome=fail']);
    expect(run.stderr).toContain('it may be written or not, and onUnknownOutcome is fail');
    expect(run.stderr).toContain('The chunk may be written or not: look before you run again');
    expect(run.code).toBe(1);
    expect(keys).toHaveLength(1);
  });

  test('knows --keys-honoured for http only', async () => {
    const run = await work.command(['run', 'orders.ndjson', 'out.ndjson', '--keys-honoured']);
    expect(run.stderr).toContain('--keys-honoured is for the sink https://…');
    expect(run.code).toBe(2);
  });
});
