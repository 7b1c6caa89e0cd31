import { describe, expect, test } from 'vitest';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { Position } from '../../src/core/position.ts';
import { text } from './made-blocks.ts';

/** Records 3 to 7 of a source, as a transform made them: 3 and 6 once, 4 filtered, 5 three times, 7 filtered. */
function transformed() {
  const places: Position[] = [3, 5, 5, 5, 6].map((record) => ({ record, byte: record * 10, line: record }));
  return new ObjectBlock({
    source: 'in.ndjson',
    start: { source: 0, records: 2, bytes: 30, lines: 2 },
    end: { source: 0, records: 7, bytes: 80, lines: 7 },
    records: ['c', 'e1', 'e2', 'e3', 'f'],
    positions: places,
  });
}

describe('ObjectBlock', () => {
  test('counts positions from its beginning when it is given none', () => {
    const block = new ObjectBlock({
      source: 'rows',
      start: { source: 1, records: 10 },
      end: { source: 1, records: 13 },
      records: ['a', 'b', 'c'],
    });
    expect(block.position(2)).toEqual({ record: 13 });
    expect(block.describe(2)).toBe('rows (record 13)');
    expect(block.slice(1, 3).position(0)).toEqual({ record: 12 });
    expect(block.slice(1, 2)).toMatchObject({
      start: { source: 1, records: 11 },
      end: { source: 1, records: 12 },
    });
  });

  test.each([
    [0, 1, { records: 2, bytes: 30 }, { records: 4, bytes: 50, lines: 4 }],
    [0, 2, { records: 2 }, { records: 4, made: 1 }],
    [2, 4, { records: 4, made: 1 }, { records: 5, bytes: 60 }],
    [3, 5, { records: 4, made: 2 }, { records: 7, bytes: 80 }],
    [5, 5, { records: 7 }, { records: 7 }],
  ])('says in a slice from %i to %i how many records of one were made before', (from, to, start, end) => {
    const part = transformed().slice(from, to);
    expect(part).toMatchObject({ start, end });
    expect(part.records).toEqual(transformed().records.slice(from, to));
    for (let i = from; i < to; i++) expect(part.position(i - from)).toEqual(transformed().position(i));
  });

  test('counts the records made before in a slice of a slice, too', () => {
    const part = transformed().slice(2, 5).slice(1, 3);
    expect(part.start).toMatchObject({ records: 4, made: 2 });
    expect(transformed().slice(1, 4).slice(0, 1).end).toMatchObject({ records: 4, made: 1 });
  });

  test('encodes each record once, as lines and as an array, with bigints as numbers', () => {
    let encoded = 0;
    const block = new ObjectBlock({
      source: 'rows',
      start: { source: 0, records: 0 },
      end: { source: 0, records: 2 },
      records: [{ toJSON: () => ++encoded }, { n: 2n ** 60n, text: 'ü' }],
    });
    expect(text(block.ndjson())).toBe('1\n{"n":1152921504606846976,"text":"ü"}\n');
    expect(text(block.jsonArray())).toBe('[1,{"n":1152921504606846976,"text":"ü"}]');
    expect([block.byteLength(0), block.byteLength(1), block.slice(1, 2).byteLength(0)]).toEqual([1, 37, 37]);
    expect(encoded).toBe(1);
  });

  describe('kept as JSON', () => {
    const records = [
      { id: 1, when: new Date(0), gone: undefined },
      { id: 2n ** 70n, text: 'ü "quoted"\n東京' },
      [1e300, 1e21, 123456789012345680000, -0.5, '12345678901234567890'],
      'text',
      null,
      {},
    ];
    const blockOf = (list: readonly unknown[]) =>
      new ObjectBlock<unknown>({
        source: 'rows',
        start: { source: 0, records: 0 },
        end: { source: 0, records: list.length },
        records: list,
      });
    const kept = (list: readonly unknown[] = records) => {
      const block = blockOf(list);
      block.keepAsJson();
      block.keepAsJson();
      block.forget();
      return block;
    };

    test('is written as before, whole, in parts and copied', () => {
      expect(text(kept().ndjson())).toBe(text(blockOf(records).ndjson()));
      expect(text(kept().jsonArray())).toBe(text(blockOf(records).jsonArray()));
      for (let from = 0; from < records.length; from++)
        for (let to = from; to <= records.length; to++) {
          const [part, as] = [kept().slice(from, to), blockOf(records.slice(from, to))];
          expect(text(part.ndjson())).toBe(text(as.ndjson()));
          expect(text(part.jsonArray())).toBe(text(as.jsonArray()));
          expect([part.count, part.start.records, part.end.records]).toEqual([to - from, from, to]);
          for (let i = 0; i < part.count; i++) expect(part.byteLength(i)).toBe(as.byteLength(i));
        }
      expect(text(kept().copy().ndjson())).toBe(text(blockOf(records).ndjson()));
      expect(kept([]).count).toBe(0);
      expect(text(kept([]).jsonArray())).toBe('[]');
    });

    test('has the records that its JSON tells, which are written as they were', () => {
      const block = kept();
      expect(block.records).toEqual([
        { id: 1, when: '1970-01-01T00:00:00.000Z' },
        { id: 2n ** 70n, text: 'ü "quoted"\n東京' },
        [1e300, 1e21, 123456789012345680000n, -0.5, '12345678901234567890'],
        'text',
        null,
        {},
      ]);
      expect(block.records).toBe(block.records);
      expect(text(blockOf(block.records).ndjson())).toBe(text(blockOf(records).ndjson()));
    });

    test('keeps objects when one of them has no JSON', () => {
      const block = kept([{ id: 1, when: new Date(0) }, () => 1]);
      expect(block.records[0]).toEqual({ id: 1, when: new Date(0) });
      expect(() => block.ndjson()).toThrow('rows (record 2): A record must have a JSON form');
    });

    test('may hold a record that encodes others meanwhile', () => {
      const inner = blockOf([{ inner: 'x'.repeat(1_000) }]);
      const block = kept([{ a: 1 }, { toJSON: () => text(inner.ndjson()).length }, { b: 2 }]);
      expect(text(block.ndjson())).toBe('{"a":1}\n1013\n{"b":2}\n');
    });

    test('of more than a megabyte, too', () => {
      const large = Array.from({ length: 5 }, (_, id) => ({ id, text: 'ü€'.repeat(200_000) }));
      expect(kept(large).records).toEqual(large);
      expect(kept().records).toHaveLength(records.length);
    });
  });

  test('forgets its JSON texts but not its records', () => {
    let encoded = 0;
    const record = { toJSON: () => ++encoded };
    const [start, end] = [
      { source: 0, records: 0 },
      { source: 0, records: 1 },
    ];
    const block = new ObjectBlock({ source: 'rows', start, end, records: [record] });
    expect(text(block.ndjson())).toBe('1\n');
    block.forget();
    expect(text(block.ndjson())).toBe('2\n');
    expect(block.records).toEqual([record]);
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a circle', Object.assign({}, { self: {} as unknown })],
  ])('names the record that has no JSON form: %s', (_what, record) => {
    if (typeof record === 'object') record.self = record;
    const block = new ObjectBlock({
      source: 'rows',
      start: { source: 0, records: 4 },
      end: { source: 0, records: 6 },
      records: [1, record],
    });
    expect(() => block.ndjson()).toThrow(TypeError);
    expect(() => block.ndjson()).toThrow(/^rows \(record 6\): /);
  });

  test('gives a copy that shares no object with it', () => {
    const record = { deep: [{ n: 1 }] };
    const block = new ObjectBlock({
      source: 'rows',
      start: { source: 0, records: 0 },
      end: { source: 0, records: 1 },
      records: [record],
    });
    block.copy().records[0]!.deep[0]!.n = 2;
    expect(record).toEqual({ deep: [{ n: 1 }] });
    expect(transformed().copy().position(3)).toEqual(transformed().position(3));
  });
});
