import { type Options, parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { csv } from '../../src/formats/csv-format.ts';
import { cutsOf, decoding, recordsOf } from '../formats/decoding.ts';
import { corpus, needCorpora } from '../support/corpora.ts';

const spectrum = corpus('csv-spectrum/csvs', 11);
const spectrumRecords = new Map(corpus('csv-spectrum/json', 0));

describe('csv-spectrum', () => {
  needCorpora('csv-spectrum/csvs', 'csv-spectrum/json');
  test.each(spectrum)('%s gives the records of its JSON, at any cut', (name, bytes) => {
    const records = JSON.parse(spectrumRecords.get(name.replace('.csv', '.json'))!.toString()) as unknown;
    for (const cuts of cutsOf(bytes.length)) expect(recordsOf(csv(), bytes, cuts)).toEqual(records);
  });
});

const data = corpus('csv-test-data/csv', 25);
const dataRecords = new Map(corpus('csv-test-data/json', 0));

/** Its JSON takes blank lines for records of one empty field; here they are no records. */
const WITH_BLANK_LINES = new Set(['all-empty.csv', 'empty-one-column.csv']);

describe('csv-test-data', () => {
  needCorpora('csv-test-data/csv');
  test.each(data)('%s gives what csv-parse gives, at any cut', (name, bytes) => {
    const header = name.startsWith('header-') || name.startsWith('bad-header-');
    const expected = parsed(bytes, { columns: header });
    const whole = decoding(csv({ header }), bytes);
    const isMalformed = whole.error !== undefined || whole.items.some((item) => 'code' in item);
    expect(isMalformed ? undefined : whole.items.map((item) => 'value' in item && item.value)).toEqual(
      expected,
    );
    for (const cuts of cutsOf(bytes.length)) expect(decoding(csv({ header }), bytes, cuts)).toEqual(whole);
  });

  test.each(
    corpus('csv-test-data/csv', 16, (name) => !name.startsWith('bad-') && !WITH_BLANK_LINES.has(name)),
  )('%s gives the records of its JSON', (name, bytes) => {
    const records = JSON.parse(dataRecords.get(name.replace('.csv', '.json'))!.toString()) as unknown;
    expect(recordsOf(csv({ header: name.startsWith('header-') }), bytes)).toEqual(records);
  });
});

function parsed(bytes: Buffer, options: Options): unknown[] | undefined {
  try {
    return parse(bytes, { bom: true, skip_empty_lines: true, ...options });
  } catch {
    return undefined;
  }
}
