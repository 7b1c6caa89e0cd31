import { expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { copyEncoder } from '../../src/formats/copy-format.ts';
import { projectedValues } from '../../src/formats/project-values.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { chunksOf } from '../support/blocks.ts';

const COLUMNS = { id: 'id', city: 'address.city', tags: 'tags' };
const JSON_TEXT =
  '[{"id":1.50,"address":{"city":"K\\u00f6ln\\t"},"tags":["a"]},{"id":90071992547409930,"address":null}]';

async function chunk(): Promise<Chunk> {
  const blocks = readRecords([Buffer.from(JSON_TEXT)], { format: 'json' });
  const [only] = await chunksOf(blocks.pipe(new ChunkTransform()));
  return only as unknown as Chunk;
}

test('copyEncoder() writes rows from bytes and from objects', async () => {
  const fromBytes = Buffer.concat([...copyEncoder({ columns: COLUMNS }).encode(await chunk())]).toString();
  expect(fromBytes).toBe('1.50\tKöln\\t\t["a"]\n90071992547409930\t\\N\t\\N\n');
  const objects = chunkOf([
    { id: 1.5, address: { city: 'Köln\t' }, tags: ['a'] },
    { id: 90071992547409930n, address: null },
  ]);
  const fromObjects = Buffer.concat([...copyEncoder({ columns: COLUMNS }).encode(objects)]).toString();
  expect(fromObjects).toBe(fromBytes.replace('1.50', '1.5'));
});

test.each([
  ['a NUL', { id: '\0' }],
  ['half of a surrogate pair', { id: '\ud800' }],
  ['an array', [1]],
])('copyEncoder() refuses %s, and says where', (_what, record) => {
  expect(() => [...copyEncoder({ columns: ['id'] }).encode(chunkOf([{ id: 1 }, record]))]).toThrow(
    /record 2/,
  );
});

test('projectedValues() gives what a prepared statement takes, from bytes and from objects', async () => {
  expect([...projectedValues(await chunk(), COLUMNS)]).toEqual([
    [1.5, 'Köln\t', '["a"]'],
    [90071992547409930n, null, null],
  ]);
  const date = new Date(0);
  expect([...projectedValues(chunkOf([{ id: date, tags: true }]), COLUMNS)]).toEqual([
    [date.toISOString(), null, true],
  ]);
  expect(() => [...projectedValues(chunkOf([5]), COLUMNS)]).toThrow(
    'a row must be made of an object, this is a number',
  );
  expect(() => [...projectedValues(chunkOf([{}]), [])]).toThrow(TypeError);
});
