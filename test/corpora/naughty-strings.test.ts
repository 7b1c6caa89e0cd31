import { describe, expect, test } from 'vitest';
import type { Format } from '../../src/core/format.ts';
import { csv, tsv } from '../../src/formats/csv-format.ts';
import { json, jsonSeq } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { text } from '../../src/formats/text-format.ts';
import { everyNth, PIECE_SIZES, recordsOf } from '../formats/decoding.ts';
import { naughtyStrings as strings } from '../support/corpora.ts';

const records = strings.map((value) => ({ value, [`key ${value}`]: value }));
const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
const bare = strings.filter((value) => !/[\r\n]/.test(value));

const cases: readonly (readonly [name: string, format: Format, input: string, expected: unknown])[] = [
  ['ndjson', ndjson(), records.map((record) => JSON.stringify(record)).join('\n'), records],
  ['json', json(), JSON.stringify(records), records],
  ['json at a path', json({ path: 'a' }), JSON.stringify({ a: records }), records],
  ['json with a filter', json({ filter: /^\d+$/ }), JSON.stringify(records), records],
  ['json-seq', jsonSeq(), records.map((record) => JSON.stringify(record, null, 1)).join(''), records],
  [
    'csv',
    csv({ header: false }),
    strings.map((value) => `${quoted(value)},x\n`).join(''),
    strings.map((value) => [value, 'x']),
  ],
  [
    'tsv',
    tsv({ header: ['a', 'b'] }),
    strings.map((value) => `x\t${quoted(value)}\r\n`).join(''),
    strings.map((b) => ({ a: 'x', b })),
  ],
  ['text', text(), `${bare.join('\n')}\n`, bare],
];

describe('naughty strings', () => {
  test.each(cases)('come through %s unchanged, at any cut', (_, format, input, expected) => {
    expect(strings.length).toBeGreaterThan(450);
    for (const size of [...PIECE_SIZES, 1_000_000])
      expect(recordsOf(format, input, everyNth(Buffer.byteLength(input), size))).toEqual(expected);
  });
});
