import { appendFileSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const rows = Array.from({ length: 300 }, (_, id) => ({ id: id + 1, name: `n${id + 1}` }));

/** A server that refuses the records of some ids, and later no more. */
async function picky() {
  const place = { taken: [] as unknown[], refuses: new Set<number>(), keys: [] as string[], url: '' };
  place.url = await serve((request, response, body) => {
    const records = JSON.parse(body) as { id: number | string }[];
    place.keys.push(String(request.headers['idempotency-key']));
    if (records.some(({ id }) => place.refuses.has(Number(id)))) {
      response.writeHead(422).end('no');
      return;
    }
    place.taken.push(...records);
    response.end();
  });
  return place;
}

describe('chain-reaction replay', () => {
  let place: Awaited<ReturnType<typeof picky>>;
  let letters: string;
  let runs = 0;
  beforeEach(async () => {
    place = await picky();
    letters = work.path(`letters-${++runs}.ndjson`);
  });

  /** Loads rows of which two are refused. */
  async function load(file: string) {
    place.refuses = new Set([7, 250]);
    const { code } = await work.command([
      'run',
      file,
      place.url,
      '--batch-size',
      '100',
      '--dead-letters',
      letters,
    ]);
    expect(code).toBe(3);
    expect(place.taken).toHaveLength(298);
    place.refuses.clear();
    place.taken.length = 0;
  }

  test.each([
    ['NDJSON', () => rows.map((row) => JSON.stringify(row)).join('\n'), rows],
    [
      'CSV',
      () => ['id,name', ...rows.map(({ id, name }) => `${id},${name}`)].join('\n'),
      rows.map(({ id, name }) => ({ id: String(id), name })),
    ],
  ] as const)('sends what was refused, from %s, and nothing else', async (format, text, records) => {
    await load(work.file(`rows-${runs}.${format.toLowerCase()}`, text()));
    const { code, stderr } = await work.command(['replay', letters, place.url]);
    expect(stderr).toContain('2 records written');
    expect(code).toBe(0);
    expect(place.taken).toEqual([records[6], records[249]]);
  });

  test('sends nothing a second time, but what has come since', async () => {
    await load(work.file(`rows-${runs}.ndjson`, rows.map((row) => JSON.stringify(row)).join('\n')));
    await work.command(['replay', letters, place.url]);
    expect((await work.command(['replay', letters, place.url])).stderr).toContain('0 records written');
    expect(place.taken).toHaveLength(2);
    appendFileSync(letters, `${JSON.stringify({ source: 'x', record: 1, raw: '{"id":900}' })}\n`);
    await work.command(['replay', letters, place.url]);
    expect(place.taken).toEqual([rows[6], rows[249], { id: 900 }]);
  });

  test('goes on after a failure where it has ended', async () => {
    await load(work.file(`rows-${runs}.ndjson`, rows.map((row) => JSON.stringify(row)).join('\n')));
    place.refuses = new Set([250]);
    const failed = await work.command(['replay', letters, place.url]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`${letters}:2 (record 2`);
    place.refuses.clear();
    expect((await work.command(['replay', letters, place.url])).code).toBe(0);
    expect(new Set(place.taken)).toEqual(new Set([rows[6], rows[249]]));
  });

  test('mends records on the way, and sets aside again what is refused again', async () => {
    work.file('bad.ndjson', '{"id":1}\n{"id":\n{"id":3}\n');
    const first = await work.command(['run', 'bad.ndjson', place.url, '--dead-letters', letters]);
    expect(first.code).toBe(3);
    const mend = work.file(
      'mend.mjs',
      "export default (record) => typeof record === 'string' ? JSON.parse(record + '2}') : record;",
    );
    place.taken.length = 0;
    const { code } = await work.command(['replay', letters, place.url, '--transform', mend]);
    expect(code).toBe(0);
    expect(place.taken).toEqual([{ id: 2 }]);
    place.refuses = new Set([2]);
    const again = work.path(`again-${runs}.ndjson`);
    const flags = ['--transform', mend, '--restart', '--dead-letters', again];
    expect((await work.command(['replay', letters, place.url, ...flags])).code).toBe(3);
    expect(JSON.parse(readFileSync(again, 'utf8'))).toMatchObject({ value: { id: 2 } });
  });

  test('writes into a table', async () => {
    await load(work.file(`rows-${runs}.ndjson`, rows.map((row) => JSON.stringify(row)).join('\n')));
    const database = work.path(`rows-${runs}.db`);
    expect((await work.command(['replay', letters, `sqlite:${database}?table=rows`])).code).toBe(0);
    const db = new DatabaseSync(database);
    expect(
      db
        .prepare('select id from rows order by id')
        .all()
        .map(({ id }) => id),
    ).toEqual([7, 250]);
    db.close();
  });
});
