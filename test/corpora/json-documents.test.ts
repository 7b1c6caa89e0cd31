import { describe, expect, test } from 'vitest';
import type { Format } from '../../src/core/format.ts';
import { type JsonOptions, json, jsonSeq } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { everyNth, recordsOf } from '../formats/decoding.ts';
import { corpus, needCorpora } from '../support/corpora.ts';

needCorpora('json-documents');

const documents = new Map(corpus('json-documents', 7));
const SIZES = [1_000, 65_536, 10_000_000];

type Pick = (document: Record<string, unknown>) => unknown[];

const cases: readonly (readonly [name: string, options: JsonOptions, pick: Pick])[] = [
  ['twitter.json', { path: 'statuses' }, (document) => document['statuses'] as unknown[]],
  ['citm_catalog.json', { path: 'performances' }, (document) => document['performances'] as unknown[]],
  ['citm_catalog.json', { path: ['events'] }, (document) => Object.values(document['events'] as object)],
  ['gsoc-2018.json', { path: '' }, (document) => Object.values(document)],
  ['github_events.json', {}, (document) => document as unknown as unknown[]],
  ['canada.json', { path: 'features' }, (document) => document['features'] as unknown[]],
  ['apache_builds.json', { path: 'jobs' }, (document) => document['jobs'] as unknown[]],
  ['apache_builds.json', {}, (document) => [document]],
];

function expectRecords(format: Format, bytes: Buffer, expected: unknown): void {
  for (const size of SIZES) expect(recordsOf(format, bytes, everyNth(bytes.length, size))).toEqual(expected);
}

describe('real documents', () => {
  test.each(cases)('%s with %j gives what JSON.parse gives', (name, options, pick) => {
    const bytes = documents.get(name)!;
    const expected = pick(JSON.parse(bytes.toString()) as Record<string, unknown>);
    expect(expected.length).toBeGreaterThan(0);
    expectRecords(json({ ...options, numbers: 'lossy' }), bytes, expected);
    expect(recordsOf(json({ ...options, numbers: 'lossy', jsonc: true }), bytes)).toEqual(expected);
  });

  test('twitter.json keeps its ids, which a number cannot hold', () => {
    const statuses = recordsOf(json({ path: 'statuses' }), documents.get('twitter.json')!) as {
      readonly id: bigint;
      readonly id_str: string;
    }[];
    expect(statuses).toHaveLength(100);
    for (const { id, id_str } of statuses) expect([typeof id, String(id)]).toEqual(['bigint', id_str]);
  });

  test('amazon_cellphones.ndjson gives what JSON.parse gives for each line', () => {
    const bytes = documents.get('amazon_cellphones.ndjson')!;
    const lines = bytes
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    const expected = lines.map((line) => JSON.parse(line) as unknown);
    expectRecords(ndjson(), bytes, expected);
    expectRecords(jsonSeq(), bytes, expected);
  });
});
