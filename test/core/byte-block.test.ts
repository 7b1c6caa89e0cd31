import { describe, expect, test } from 'vitest';
import { ByteBlock } from '../../src/core/byte-block.ts';
import { lineBlocks, text } from './made-blocks.ts';

const records = [{ id: 1 }, { id: 22 }, { id: 333 }, { id: 4 }];

function block(onDecode?: () => void): ByteBlock<{ id: number }> {
  const [first] = lineBlocks(records, [4], onDecode);
  return first!;
}

/** A block of JSON whose records lie where the marks « and » are. */
function marked(source: string): ByteBlock<unknown> {
  const bytes = Buffer.from(source.replaceAll(/[«»]/g, ''));
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const character of source) {
    if (character === '«') starts.push(at);
    else if (character === '»') ends.push(at);
    else at += Buffer.byteLength(character);
  }
  return new ByteBlock({
    source: 'in.json',
    start: { source: 0, records: 0, bytes: 0 },
    end: { source: 0, records: starts.length, bytes: bytes.length },
    encoded: { format: 'json', bytes, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) },
    offset: 0,
    decode: (encoded) =>
      Array.from(encoded.starts, (start, i) =>
        JSON.parse(Buffer.from(encoded.bytes.subarray(start, encoded.ends[i])).toString()),
      ),
  });
}

describe('ByteBlock', () => {
  test('decodes when its records are looked at, and only once', () => {
    let decoded = 0;
    const bytes = block(() => decoded++);
    expect([bytes.count, text(bytes.ndjson()), text(bytes.jsonArray()), bytes.byteLength(1)]).toEqual([
      4,
      '{"id":1}\n{"id":22}\n{"id":333}\n{"id":4}\n',
      '[{"id":1},{"id":22},{"id":333},{"id":4}]',
      9,
    ]);
    expect([bytes.slice(1, 3).count, bytes.describe(2)]).toEqual([2, 'in.ndjson:3 (record 3, byte 19)']);
    expect(decoded).toBe(0);
    expect(bytes.records).toEqual(records);
    expect([...bytes]).toEqual(records);
    expect(decoded).toBe(1);
  });

  test.each([
    [0, 4],
    [0, 0],
    [4, 4],
    [2, 2],
    [0, 1],
    [1, 3],
    [3, 4],
  ])('keeps records, bytes, positions and cursors in a slice from %i to %i', (from, to) => {
    const part = block().slice(from, to);
    expect(part.records).toEqual(records.slice(from, to));
    expect(text(part.ndjson())).toBe(
      records
        .slice(from, to)
        .map((r) => `${JSON.stringify(r)}\n`)
        .join(''),
    );
    expect(JSON.parse(text(part.jsonArray()))).toEqual(records.slice(from, to));
    for (let i = from; i < to; i++) expect(part.position(i - from)).toEqual(block().position(i));
    const offsets = [0, 9, 19, 30, 39];
    expect(part.start).toEqual({ source: 0, records: from, bytes: offsets[from], lines: from });
    expect(part.end).toEqual({ source: 0, records: to, bytes: offsets[to], lines: to });
  });

  test('slices what it has decoded, without decoding again', () => {
    let decoded = 0;
    const bytes = block(() => decoded++);
    expect(bytes.records).toHaveLength(4);
    expect(bytes.slice(1, 4).slice(1, 2).records).toEqual([{ id: 333 }]);
    expect(decoded).toBe(1);
  });

  test('forgets what it has decoded, and decodes the same again', () => {
    let decoded = 0;
    const bytes = block(() => decoded++);
    const before = bytes.records;
    const part = bytes.slice(1, 3);
    bytes.forget();
    bytes.forget();
    expect(part.records).toEqual([{ id: 22 }, { id: 333 }]);
    expect(decoded).toBe(1);
    expect(bytes.records).toEqual(records);
    expect(bytes.records).not.toBe(before);
    expect(decoded).toBe(2);
  });

  test('gives a copy that shares no object with it', () => {
    const bytes = block();
    const copy = bytes.copy();
    (copy.records[0] as { id: number }).id = -1;
    expect(bytes.records[0]).toEqual({ id: 1 });
    expect(text(bytes.ndjson())).toContain('{"id":1}');
  });

  describe('that a decoder had to decode', () => {
    const decodedBlock = (onDecode?: () => void) => {
      const { source, start, end, encoded } = block();
      const decode = ({ starts }: { readonly starts: Uint32Array }) => {
        onDecode?.();
        return records.slice(0, starts.length).map((record) => ({ ...record }));
      };
      const given = records.map((record) => ({ ...record }));
      return new ByteBlock({ source, start, end, encoded, offset: 0, decode, records: given });
    };

    test('gives its records to the first copy, and decodes others when it is asked again', () => {
      let decoded = 0;
      const bytes = decodedBlock(() => decoded++);
      const copy = bytes.copy();
      (copy.records[0] as { id: number }).id = -1;
      expect(decoded).toBe(0);
      expect(bytes.records).toEqual(records);
      expect(bytes.copy().records).toEqual(records);
      expect(decoded).toBe(2);
    });

    test.each<[string, (bytes: ByteBlock<{ id: number }>) => readonly { id: number }[]]>([
      ['its records', (bytes) => bytes.records],
      ['those of a slice', (bytes) => bytes.slice(0, 1).records],
    ])('gives a copy none that somebody has seen: %s', (_what, look) => {
      const bytes = decodedBlock();
      const seen = look(bytes);
      (bytes.copy().records[0] as { id: number }).id = -1;
      expect(seen[0]).toEqual({ id: 1 });
      expect(bytes.records[0]).toEqual({ id: 1 });
    });

    test('gives a copy of a slice none of its own', () => {
      const bytes = decodedBlock();
      (bytes.slice(0, 2).copy().records[0] as { id: number }).id = -1;
      expect(bytes.records[0]).toEqual({ id: 1 });
    });

    test('is cut in two, which may give theirs away', () => {
      let decoded = 0;
      const bytes = decodedBlock(() => decoded++);
      const [head, tail] = bytes.cut(3);
      expect([head.copy(), tail.copy()].map((part) => part.records)).toEqual([
        records.slice(0, 3),
        records.slice(3),
      ]);
      expect(decoded).toBe(0);
      expect(bytes.records).toEqual(records);
    });
  });

  test.each([
    ['elements of an array', '[«{"a":1}», «2»,\n  «"x"»]', '{"a":1}\n2\n"x"\n'],
    ['records over several lines', '[«{\n  "a": 1\r\n}»]', '{  "a": 1}\n'],
    ['lines that end with CRLF', '«1»\r\n«2»\r\n', '1\n2\n'],
    ['a last line without its end', '«1»\n«2»', '1\n2\n'],
    ['lines with white space around them', ' «1»\n\n«2» \n', '1\n2\n'],
    ['texts of several bytes', '«"ü€👩"»\n«"x"»\n', '"ü€👩"\n"x"\n'],
    ['no record', '[]', ''],
  ])('writes %s as one line each', (_what, source, lines) => {
    expect(text(marked(source).ndjson())).toBe(lines);
    const all = lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
    expect(JSON.parse(text(marked(source).jsonArray()))).toEqual(all);
  });

  test('gives out lines of a file without copying them', () => {
    const bytes = block();
    expect(bytes.ndjson().buffer).toBe(bytes.encoded.bytes.buffer);
    expect(bytes.slice(1, 3).ndjson().buffer).toBe(bytes.encoded.bytes.buffer);
  });

  test('keeps the digits of numbers that a double cannot hold', () => {
    expect(text(marked('«{"n":12345678901234567890,"x":1.0}»\n').jsonArray())).toBe(
      '[{"n":12345678901234567890,"x":1.0}]',
    );
  });
});
