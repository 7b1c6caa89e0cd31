import { expect, test } from 'vitest';
import { encoderFor, encoderOf } from '../../src/formats/encoders.ts';

test.each([
  ['orders.ndjson', 'ndjson'],
  ['orders.jsonl.gz', 'ndjson'],
  ['orders.JSON', 'json'],
  ['./a.b/orders.v2.csv.zst', 'csv'],
  ['orders.tsv.br', 'tsv'],
  ['/tmp/lines.txt', 'text'],
])('encoderFor(%j) is %s', (name, expected) => {
  expect(encoderFor(name).name).toBe(expected);
});

test.each(['orders', 'orders.gz', 'orders.csv.gz.gz', '.json/orders', 'orders.constructor'])(
  'encoderFor(%j) is a TypeError that lists the endings',
  (name) => {
    expect(() => encoderFor(name)).toThrow(
      new TypeError(
        `file must end in .ndjson, .jsonl, .json, .csv, .tsv, .txt, or format must be given, got ${JSON.stringify(name)}`,
      ),
    );
  },
);

test('encoderOf() refuses an option that the format does not know', () => {
  expect(() => encoderOf('ndjson', { columns: ['a'] })).toThrow(
    new TypeError('columns is an option of csv and tsv, the format is ndjson'),
  );
  expect(() => encoderOf('xml' as 'csv')).toThrow(TypeError);
});
