import { chmodSync, mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkpointPlace } from '../../src/cli/checkpoint-place.ts';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { parseSink } from '../../src/cli/sink-argument.ts';
import { Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const placeOf = (sources: readonly string[], sink: string, flags = {}) =>
  checkpointPlace(flags, sources, parseSink(sink, sources[0]!));

/** The file of a run, which must have one. */
function fileOf(...args: Parameters<typeof placeOf>): string {
  const place = placeOf(...args);
  if (place.kind !== 'file') throw new Error(`it is noted in no file: ${place.kind}`);
  return place.file;
}

const OFF = { kind: 'off' };

describe('checkpointPlace', () => {
  test.each([
    ['stdin, which is gone when the run is to go on', ['-'], 'out.ndjson'],
    ['stdin among other sources', ['a.ndjson', '-'], 'https://h/orders'],
    ['stdin into a database, which has a ledger', ['-'], 'sqlite:orders.db?table=orders'],
    ['stdout, which can take nothing back', ['a.ndjson'], '-'],
    ['a brotli file, which has no parts', ['a.ndjson'], 'out.ndjson.br'],
    ['a file in a folder that is not there', ['a.ndjson'], 'nowhere/out.ndjson'],
  ])('is off for %s', (_what, sources, sink) => {
    expect(placeOf(sources, sink)).toEqual(OFF);
  });

  test('is off for a file in a folder that cannot be written, and beside no source in one', ({ skip }) => {
    skip(process.getuid?.() === 0, 'root can write into every folder');
    const folder = work.path('read-only');
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    expect(placeOf(['a.ndjson'], `${folder}/out.ndjson`)).toEqual(OFF);
    expect(dirname(fileOf([`${folder}/a.ndjson`], 'https://h/orders'))).toBe('.');
  });

  test.each([
    ['stdin', ['-'], 'out.ndjson'],
    ['stdout', ['a.ndjson'], '-'],
    ['a database', ['a.ndjson'], 'sqlite:orders.db'],
    ['an output file', ['a.ndjson'], 'out.ndjson'],
  ])('is the file that is named, also for %s', (_what, sources, sink) => {
    const file = 'own.checkpoint';
    expect(placeOf(sources, sink, { checkpoint: file })).toEqual({ kind: 'file', file });
  });

  test.each([['out.ndjson'], ['sqlite:orders.db'], ['https://h/orders']])(
    'is off for %s when it is to be, and not with --restart',
    (sink) => {
      expect(placeOf(['a.ndjson'], sink, { checkpoint: 'off' })).toEqual(OFF);
      expect(() => placeOf(['a.ndjson'], sink, { checkpoint: 'off', restart: true })).toThrow(UsageError);
    },
  );

  test.each(['sqlite:orders.db', 'postgres://h/shop', 'mariadb://h/shop'])('is the ledger of %s', (sink) => {
    expect(placeOf(['a.ndjson'], sink)).toEqual({ kind: 'ledger' });
  });

  test('lies beside the output file, one for each list of sources', () => {
    const out = work.path('out.csv.gz');
    const file = fileOf(['a.ndjson'], out);
    expect(dirname(file)).toBe(work.folder);
    expect(basename(file)).toMatch(/^\.out\.csv\.gz\.[0-9a-f]{8}\.checkpoint$/);
    expect(fileOf(['a.ndjson'], out)).toBe(file);
    expect(fileOf(['b.ndjson'], out)).not.toBe(file);
  });

  test('lies beside the first source where the output is no file, one for each sink', () => {
    const sources = [work.path('a b.ndjson'), 'other/b.ndjson'];
    const file = fileOf(sources, 'https://h/orders');
    expect(dirname(file)).toBe(work.folder);
    expect(basename(file)).toMatch(/^\.a_b\.ndjson\.[0-9a-f]{8}\.checkpoint$/);
    expect(fileOf(sources, 'https://h/other')).not.toBe(file);
  });

  test.each([
    ['a URL', 'https://h/export/orders.json?token=canary', /^\.orders\.json\.[0-9a-f]{8}\.checkpoint$/],
    ['a URL without a path', 'https://h', /^\.records\.[0-9a-f]{8}\.checkpoint$/],
    ['a source in a folder that is not there', 'nowhere/a.ndjson', /^\.a\.ndjson\.[0-9a-f]{8}\.checkpoint$/],
  ])('lies in the working folder for %s, and shows no parameter', (_what, source, name) => {
    expect(fileOf([source], 'https://h/orders')).toMatch(name);
  });
});
