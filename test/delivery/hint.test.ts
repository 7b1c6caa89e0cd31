import { describe, expect, test } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { hintOf } from '../../src/delivery/hint.ts';
import { refusedRecord } from '../../src/formats/refused-record.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { errorWith } from '../failures/cases.ts';
import { items } from './shop.ts';

const CHUNK = items(20);

describe('hintOf()', () => {
  test.each([
    ['the place in an error of this package', refusedRecord(CHUNK, 16, 'no'), 16],
    ['an index, as of MongoDB', errorWith({ index: 3, code: 11000 }), 3],
    [
      'the line of a COPY of PostgreSQL',
      errorWith({ code: '22P02', where: 'COPY orders, line 17, column id: "x"' }),
      16,
    ],
    ['the line of a COPY without a column', errorWith({ where: 'COPY public.orders, line 1' }), 0],
    [
      'the row of an INSERT of MySQL',
      errorWith({ errno: 1406, sqlMessage: "Data too long for column 'name' at row 17" }),
      16,
    ],
    ['a cause', new Error('it failed', { cause: new Error('why', { cause: errorWith({ index: 3 }) }) }), 3],
    ['nothing', errorWith({ status: 422 }), undefined],
    ['a row that there is not', errorWith({ sqlMessage: 'Data too long at row 21' }), undefined],
    ['a row 0', errorWith({ sqlMessage: 'Out of range value at row 0' }), undefined],
    ['half an index', errorWith({ index: 1.5 }), undefined],
    [
      'a place elsewhere',
      new PipelineError({ code: 'REFUSED_RECORD', message: 'no', position: { record: 99 } }),
      undefined,
    ],
    ['a text', 'at row 3', undefined],
    ['null', null, undefined],
  ])('reads %s', (_, error, index) => {
    expect(hintOf(error, CHUNK)).toBe(index);
  });

  test('tells records with the same number apart by their bytes', () => {
    const other = chunkOf([{ id: 'another' }, { id: 1 }], { source: 'b.ndjson', from: 'bytes' });
    const both = createChunk({ index: 0, blocks: [...items(2).blocks, ...other.blocks] });
    expect(hintOf(refusedRecord(both, 3, 'no'), both)).toBe(3);
  });

  test('does not follow causes that go round in circles', () => {
    const error: Error & { cause?: unknown } = new Error('it failed');
    error.cause = error;
    expect(hintOf(error, CHUNK)).toBeUndefined();
  });
});
