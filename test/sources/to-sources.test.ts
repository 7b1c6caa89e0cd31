import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { iterableSource } from '../../src/sources/iterable-source.ts';
import { toSources } from '../../src/sources/to-sources.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { chunksOf } from '../support/blocks.ts';

const folder = mkdtempSync(join(tmpdir(), 'sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const line = '{"id":1}\n';
const recordsOf = async (input: unknown, options = {}) =>
  (await chunksOf(readRecords(input as never, options))).flatMap((block) => [...block.records]);

describe('readRecords() reads', () => {
  const path = file('one.ndjson', line);
  const bytes = () => Buffer.from(line);
  test.each([
    ['a path', () => path],
    ['a file: URL', () => pathToFileURL(path)],
    ['a file: URL as text', () => pathToFileURL(path).href],
    ['a glob', () => join(folder, 'one.*')],
    ['a Node stream of bytes', () => Readable.from([bytes()], { objectMode: false })],
    ['a Node stream of text', () => Readable.from([line], { objectMode: false }).setEncoding('utf8')],
    ['an object-mode stream of bytes', () => Readable.from([bytes()])],
    ['an object-mode stream of records', () => Readable.from([{ id: 1 }])],
    ['a web stream', () => new Blob([line]).stream()],
    ['a Response', () => new Response(line)],
    ['an array of records', () => [{ id: 1 }]],
    ['an array of bytes', () => [bytes()]],
    [
      'an asynchronous generator',
      async function* () {
        yield { id: 1 };
      },
    ],
  ])('%s', async (kind, create) => {
    const input = create();
    expect(
      await recordsOf(kind === 'an asynchronous generator' ? input : input, kind.includes('path') ? {} : {}),
    ).toEqual([{ id: 1 }]);
  });

  test('several paths, one after another, with cursors of their own', async () => {
    const blocks = (await chunksOf(
      readRecords([path, file('two.ndjson', '{"id":2}\n')]),
    )) as unknown as RecordBlock[];
    expect(blocks.map((block) => [block.source, block.end.source, block.end.records])).toEqual([
      [path, 0, 1],
      [join(folder, 'two.ndjson'), 1, 1],
    ]);
  });

  test('texts of an array as records, not as text', async () => {
    expect(await recordsOf(['ada', 'grace'].map((name) => ({ name })))).toEqual([
      { name: 'ada' },
      { name: 'grace' },
    ]);
  });

  test('a file whose name looks like a glob', async () => {
    expect(await recordsOf(file('a[1].ndjson', line))).toEqual([{ id: 1 }]);
  });
});

describe('readRecords() fails', () => {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  test.each([
    ['on a missing file', join(folder, 'missing.json'), 'SOURCE_FAILED', 'There is no such file'],
    ['on a folder', join(folder, 'sub'), 'SOURCE_FAILED', 'It is a folder'],
    ['on a glob without a match', join(folder, '*.nothing'), 'SOURCE_FAILED', 'No file matches the pattern'],
    ['on a Response that is an error', new Response('', { status: 500 }), 'SOURCE_FAILED', 'HTTP 500'],
    [
      'on a format that nothing tells',
      Readable.from([Buffer.from('\u0001\u0002')]),
      'UNKNOWN_FORMAT',
      'format',
    ],
  ])('%s', async (_what, input, code, message) => {
    await expect(recordsOf(input)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test('with the error of a generator as the cause', async () => {
    const cause = new Error('gone');
    async function* source() {
      yield { id: 1 };
      throw cause;
    }
    await expect(recordsOf(source())).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause });
  });

  test.each([42, true])('with a TypeError on %s', async (input) => {
    await expect(toSources(input as never)).rejects.toThrow(TypeError);
  });
});

test('readRecords() calls return() of an iterator once when it is left early', async () => {
  let returned = 0;
  const iterable = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: { id: 1 } }),
      return: async () => {
        returned++;
        return { done: true as const, value: undefined };
      },
    }),
  };
  for await (const block of readRecords(iterable as never)) {
    expect(block).toBeDefined();
    break;
  }
  await vi.waitFor(() => expect(returned).toBe(1));
});

test('sources of one name are told apart, so that no chunk of one is taken for a chunk of the other', async () => {
  const named = (name: string) => ({ ...iterableSource([name]), name });
  const sources = await toSources([named('a'), named('b'), named('a'), named('a')]);
  expect(sources.map(({ name }) => name)).toEqual(['a', 'b', 'a (2)', 'a (3)']);
  const content = await sources[2]!.open({ signal: new AbortController().signal });
  expect(content.kind).toBe('records');
});
