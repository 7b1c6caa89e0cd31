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
