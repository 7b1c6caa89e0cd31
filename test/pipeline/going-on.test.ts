import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/index.ts';
import { httpSource } from '../../src/sources/http-source.ts';
import { iterableSource } from '../../src/sources/iterable-source.ts';
import { type Behaviour, cutAfter, hostileServer, part, status, whole } from '../support/hostile-server.ts';

const COUNT = 20_000;
const records = Array.from({ length: COUNT }, (_, id) => ({ id: String(id).padStart(10, '0') }));
const text = (list: readonly unknown[]) => list.map((record) => `${JSON.stringify(record)}\n`).join('');
const lines = Buffer.from(text(records));
const LINE = lines.length / COUNT;
const HALF = (COUNT / 2) * LINE;

type Source = BatchProcessorOptions['source'];

/** A run that breaks after half of the records, and one that goes on. @returns what both have written, and when */
async function twice(
  first: Source,
  second: Source,
  checkpoint: object = {},
  reading: Pick<BatchProcessorOptions, 'format'> = {},
) {
  const store = memoryCheckpoint();
  const written: unknown[] = [];
  const run = (source: Source, most: number) =>
    new BatchProcessor({
      ...reading,
      source,
      sink: async (list) => {
        if (written.length >= most) throw new Error('broken');
        written.push(...list);
      },
      checkpoint: { store, run: 'twice', ...checkpoint },
    }).run();
  await expect(run(first, COUNT / 2)).rejects.toThrow('broken');
  expect(written).toHaveLength(COUNT / 2);
  const summary = await run(second, Number.POSITIVE_INFINITY);
  return { written, summary };
}

/** Three parts, each compressed by itself. */
function partsOf(content: Buffer, compress: (part: Buffer) => Buffer): readonly Buffer[] {
  const at = (i: number) => Math.floor((i * content.length) / 3);
  return Array.from({ length: 3 }, (_, i) => compress(content.subarray(at(i), at(i + 1))));
}

/** All of it, whatever part is asked for. */
const answering =
  (body: Buffer, headers: Readonly<Record<string, string>>): Behaviour =>
  (_, response) =>
    void response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);

const web = (url: string) => httpSource(url, { backoff: { initialDelayMs: 1 } });

describe('A run over HTTP', () => {
  test('asks only for what is not done, of the version that it began with', async () => {
    const { url, requests } = await hostileServer(whole(lines));
    const { written, summary } = await twice(web(url), web(url));
    expect(written).toEqual(records);
    expect(requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      undefined,
      `bytes=${HALF - 1}-`,
    ]);
    expect(requests[2]!.headers['if-match']).toBe('"v1"');
    expect(summary.read).toBe(COUNT / 2);
  });

  test.each([
    ['a JSON array', 'json', JSON.stringify(records)],
    ['CSV', 'csv', `id\n${records.map(({ id }) => `${id}\n`).join('')}`],
  ] as const)('goes on in the middle of %s', async (_, format, content) => {
    const { url, requests } = await hostileServer(whole(Buffer.from(content)));
    expect((await twice(web(url), web(url), {}, { format })).written).toEqual(records);
    expect(requests[2]!.headers.range).toMatch(/^bytes=\d{5,}-$/);
  });

  test('goes on behind a cut of the rest', async () => {
    const { url, requests } = await hostileServer(
      whole(lines),
      whole(lines),
      cutAfter(lines, 50_000),
      whole(lines),
    );
    expect((await twice(web(url), web(url))).written).toEqual(records);
    expect(requests).toHaveLength(4);
  });

  test('asks again for the rest when the server is busy', async () => {
    const { url } = await hostileServer(
      whole(lines),
      whole(lines),
      status(503, { 'retry-after': '0' }),
      whole(lines),
    );
    expect((await twice(web(url), web(url))).written).toEqual(records);
  });

  test.each<[string, Behaviour]>([
    ['knows no ranges', (_, response) => void response.writeHead(200, { etag: '"v1"' }).end(lines)],
    [
      'gives no ETag',
      (_, response) => void response.writeHead(200, { 'content-length': lines.length }).end(lines),
    ],
    ['gives only a weak ETag', whole(lines, 'W/"v1"')],
    [
      'compresses',
      (_, response) =>
        void response.writeHead(200, { etag: '"v1"', 'content-encoding': 'gzip' }).end(gzipSync(lines)),
    ],
  ])('reads all of it again from a server that %s, and writes what is not done', async (_, behaviour) => {
    const { url } = await hostileServer(behaviour);
    expect((await twice(web(url), web(url))).written).toEqual(records);
  });

  test('reads a compressed file again, and writes what is not done', async () => {
    const { url } = await hostileServer(whole(gzipSync(lines)));
    expect((await twice(web(url), web(url))).written).toEqual(records);
  });

  describe('of a file of several compressed parts', () => {
    const rows = Buffer.from(`id,of\n${records.map(({ id }) => `${id},all\n`).join('')}`);
    const ofRows = records.map((record) => ({ ...record, of: 'all' }));

    test.each<[string, Behaviour]>([
      ['changes between two requests', status(412)],
      ['does not exist any more (416)', status(416, { 'content-range': 'bytes */10' })],
      ['comes with all before it, of another version', answering(lines, { etag: '"v2"' })],
    ])('is refused when the part %s', async (_, rest) => {
      const file = Buffer.concat(partsOf(lines, gzipSync));
      const { url } = await hostileServer(whole(file), whole(file), rest);
      await expect(twice(web(url), web(url))).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    });

    test.each([
      ['ndjson', 'gzip', gzipSync, lines, records],
      ['ndjson', 'zstd', zstdCompressSync, lines, records],
      ['csv', 'gzip', gzipSync, rows, ofRows],
    ] as const)(
      'asks for the part in which it goes on: %s in %s',
      async (format, _, compress, content, expected) => {
        const parts = partsOf(content, compress);
        const { url, requests } = await hostileServer(whole(Buffer.concat(parts)));
        expect((await twice(web(url), web(url), {}, { format })).written).toEqual(expected);
        const wanted = parts[0]!.length;
        expect(requests.map(({ headers }) => headers.range)).toEqual([
          undefined,
          undefined,
          `bytes=${wanted}-`,
        ]);
      },
    );

    test('takes all of it from a server that knows no ranges', async () => {
      const file = Buffer.concat(partsOf(lines, gzipSync));
      const { url } = await hostileServer(
        (_, response) => void response.writeHead(200, { etag: '"v1"' }).end(file),
      );
      expect((await twice(web(url), web(url))).written).toEqual(records);
    });

    test('goes on there again, where the next run has not come to another part', async () => {
      const parts = [lines.subarray(0, HALF / 2), lines.subarray(HALF / 2)].map((part) => gzipSync(part));
      const { url, requests } = await hostileServer(whole(Buffer.concat(parts)));
      const store = memoryCheckpoint();
      const written: unknown[] = [];
      const run = (most: number) =>
        new BatchProcessor({
          source: web(url),
          sink: async (list) => {
            if (written.length >= most) throw new Error('broken');
            written.push(...list);
          },
          checkpoint: { store, run: 'thrice' },
        }).run();
      await expect(run(COUNT / 2)).rejects.toThrow('broken');
      await expect(run(0.75 * COUNT)).rejects.toThrow('broken');
      await run(COUNT);
      expect(written).toEqual(records);
      const ranges = requests.flatMap(({ headers }) => headers.range ?? []);
      const wanted = parts[0]!.length;
      expect(ranges).toEqual([`bytes=${wanted}-`, `bytes=${wanted}-`]);
    });
  });

  test('reads a compressed file that is the same without looking at what is done', async () => {
    const { url } = await hostileServer(whole(gzipSync(lines)));
    const parse = vi.spyOn(JSON, 'parse');
    expect((await twice(web(url), web(url))).written).toEqual(records);
    // its keys may have been left out
    const parsed = (record: { id: string } | undefined) =>
      parse.mock.calls.filter(([text]) => text.includes(JSON.stringify(record!.id))).length;
    expect([parsed(records[0]), parsed(records.at(-1))]).toEqual([1, 1]);
    parse.mockRestore();
  });

  const others = Buffer.from(lines.toString().replace('0000009999', '9999999999'));
  const noEtag = (body: Buffer) => answering(body, {});

  test.each<[string, Behaviour, ...Behaviour[]]>([
    ['has another ETag', whole(lines), whole(lines, '"v2"')],
    ['has no ETag any more', whole(lines), noEtag(lines)],
    ['has grown', noEtag(lines), noEtag(Buffer.concat([lines, lines.subarray(0, LINE)]))],
    ['is shorter', noEtag(lines), noEtag(lines.subarray(0, HALF))],
    ['has another record where it was left', noEtag(lines), noEtag(others)],
  ])('refuses content that %s', async (_, first, second) => {
    const { url } = await hostileServer(first, second);
    await expect(twice(web(url), web(url))).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
      message: expect.stringContaining('data.ndjson is not what it was') as string,
    });
  });

  test('takes content that has grown when it is allowed to', async () => {
    const more = text([{ id: 'more' }]);
    const { url } = await hostileServer(
      whole(lines),
      whole(Buffer.concat([lines, Buffer.from(more)]), '"v2"'),
    );
    const { written } = await twice(web(url), web(url), { allowGrowth: true });
    expect(written).toEqual([...records, { id: 'more' }]);
  });

  test.each<[string, Behaviour]>([
    ['changes between two requests', status(412)],
    ['comes as another part', part(lines.subarray(100), `bytes 100-${lines.length - 1}/${lines.length}`)],
    [
      'comes of another version',
      part(lines.subarray(HALF - 1), `bytes ${HALF - 1}-${lines.length - 1}/${lines.length}`, '"v2"'),
    ],
    [
      'has another length',
      part(lines.subarray(HALF - 1), `bytes ${HALF - 1}-${lines.length - 1}/${lines.length + 9}`),
    ],
    ['does not exist any more (416)', status(416, { 'content-range': `bytes */${HALF / 2}` })],
    ['would be nothing (416)', status(416, { 'content-range': `bytes */${HALF - 1}` })],
    ['does not exist, and nothing says why (416)', status(416)],
    ['comes with all before it, of another version', answering(lines, { etag: '"v2"' })],
    ['comes with all before it, of no known version', answering(lines, {})],
    ['comes with all before it, of a weak version', answering(lines, { etag: 'W/"v1"' })],
  ])('is refused when the rest %s', async (_, rest) => {
    const { url } = await hostileServer(whole(lines), whole(lines), rest);
    await expect(twice(web(url), web(url))).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

describe('A run over a stream', () => {
  const stream = (list: readonly unknown[]) =>
    Readable.from([Buffer.from(text(list))], { objectMode: false });

  test('goes on when the same comes again', async () => {
    expect((await twice(stream(records), stream(records))).written).toEqual(records);
    expect((await twice(Readable.from(records), Readable.from(records))).written).toEqual(records);
  });

  test.each<[string, () => readonly unknown[]]>([
    ['begins with another record', () => records.with(0, { id: 'other' })],
    ['goes on where the first one was left', () => records.slice(COUNT / 2)],
    ['has a record less', () => records.toSpliced(5_000, 1)],
    ['ends before the place', () => records.slice(0, 100)],
    ['is empty', () => []],
  ])('refuses one that %s', async (_, other) => {
    for (const made of [stream, (list: readonly unknown[]) => Readable.from(list)]) {
      const failure = twice(made(records), made(other()));
      await expect(failure).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
    }
  });
});

describe('A run over records that a function makes', () => {
  const rows = (calls: unknown[], tokenOf?: (row: { id: string }) => unknown) =>
    iterableSource<{ id: string }>(
      (after) => {
        calls.push(after);
        return records.filter(({ id }) => after === undefined || id > (after as string));
      },
      { name: 'rows', ...(tokenOf && { tokenOf }) },
    );

  test('begins behind the last row that is done, by the name that the source gives it', async () => {
    const calls: unknown[] = [];
    const { written, summary } = await twice(
      rows(calls, ({ id }) => id),
      rows(calls, ({ id }) => id),
    );
    expect(written).toEqual(records);
    expect(calls).toEqual([undefined, expect.stringMatching(/^00000\d{5}$/)]);
    expect(Number(calls[1])).toBeGreaterThan(COUNT / 2 - 300);
    expect(Number(calls[1])).toBeLessThan(COUNT / 2);
    expect(summary.read).toBe(COUNT / 2);
  });

  test('begins anew where places have no names, and writes what is not done', async () => {
    const calls: unknown[] = [];
    expect((await twice(rows(calls), rows(calls))).written).toEqual(records);
    expect(calls).toEqual([undefined, undefined]);
  });

  test('says what a function must make', async () => {
    const run = new BatchProcessor({ source: iterableSource(() => 5 as never), sink: () => {} }).run();
    await expect(run).rejects.toThrow('source must be a function that makes an (async) iterable, got 5');
    expect(() => iterableSource([], { tokenOf: () => 1 })).toThrow(
      'tokenOf must be left out where no function makes the iterable, got a function',
    );
  });
});
