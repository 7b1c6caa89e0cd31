import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { DeadLetter, LetterRecord } from '../../src/core/dead-letter.ts';
import { deadLettersInto } from '../../src/delivery/dead-letters-into.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { collectingSink } from '../../src/testing/collecting-sink.ts';
import { busy, forbidden } from './shop.ts';

function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dead-letters-into-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, name);
}

const letter = (record: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  source: 'orders.ndjson',
  position: { record, byte: record * 10, line: record },
  code: 'REFUSED_RECORD',
  reason: 'it is bad',
  time: new Date(0),
  chunk: 'c0ffee',
  attempts: 3,
  raw: Buffer.from(`{"id":${record}}`),
  ...more,
});

const ROW = {
  source: 'orders.ndjson',
  record: 1,
  byte: 10,
  line: 1,
  code: 'REFUSED_RECORD',
  reason: 'it is bad',
  chunk: 'c0ffee',
  attempts: 3,
  time: '1970-01-01T00:00:00.000Z',
};

test.each([
  ['their text', {}, { raw: '{"id":1}' }],
  ['bytes that are no text', { raw: Uint8Array.of(0xff) }, { rawBase64: '/w==' }],
  ['a record without bytes', { raw: undefined, record: { id: 1n } }, { value: { id: 1n } }],
  ['a record that JSON cannot hold', { raw: undefined, record: Symbol('a') }, { inspected: 'Symbol(a)' }],
])('deadLettersInto() makes a plain record of a letter, with %s', async (_, more, expected) => {
  const sink = collectingSink<LetterRecord>();
  await deadLettersInto(sink).add(letter(1, more as Partial<DeadLetter>));
  expect(sink.records).toEqual([{ ...ROW, ...expected }]);
});

test('deadLettersInto() fills a table', async () => {
  const file = temporary('letters.db');
  const letters = deadLettersInto(sqliteSink({ file, table: 'letters' }));
  await letters.add(letter(1));
  await letters.add(letter(2, { raw: Uint8Array.of(0xff) }));
  await letters.close();
  const db = new DatabaseSync(file, { readOnly: true });
  onTestFinished(() => db.close());
  expect(db.prepare('SELECT record, reason, raw, rawBase64 FROM letters').all()).toEqual([
    { record: 1, reason: 'it is bad', raw: '{"id":1}', rawBase64: null },
    { record: 2, reason: 'it is bad', raw: null, rawBase64: '/w==' },
  ]);
});

test('deadLettersInto() fills a file, which appears when the letters are closed', async () => {
  const file = temporary('letters.ndjson');
  const letters = deadLettersInto(fileSink({ file }));
  await letters.add(letter(1));
  await letters.close();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...ROW, raw: '{"id":1}' });
});

test('deadLettersInto() does not open a sink that gets no letter', async () => {
  const sink = collectingSink<LetterRecord>();
  await deadLettersInto(sink).close();
  expect(sink.calls).toEqual([]);
});

test('deadLettersInto() opens its sink once, writes together what comes meanwhile, in order, and closes it', async () => {
  const sink = collectingSink<LetterRecord>({ onWrite: () => new Promise(setImmediate) });
  const letters = deadLettersInto(sink);
  const first = letters.add(letter(1));
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  await Promise.all([first, ...[2, 3, 4].map((record) => letters.add(letter(record)))]);
  await letters.close();
  await letters.close();
  expect(sink.records.map(({ record }) => record)).toEqual([1, 2, 3, 4]);
  expect(sink.chunks.length).toBeLessThanOrEqual(2);
  expect(sink.calls.filter((call) => call !== 'write')).toEqual(['open', 'close complete']);
});

test('deadLettersInto() respects the limits of its sink', async () => {
  const sink = collectingSink<LetterRecord>({ limits: { records: 2 } });
  const letters = deadLettersInto(sink);
  await Promise.all([1, 2, 3, 4, 5].map((record) => letters.add(letter(record))));
  expect(sink.chunks.map(({ count }) => count)).toEqual([2, 2, 1]);
});

test('deadLettersInto() retries what fails for a passing reason', async () => {
  let writes = 0;
  const sink = collectingSink<LetterRecord>({
    onWrite: () => {
      if (++writes === 1) throw busy();
    },
  });
  await deadLettersInto(sink, { initialDelayMs: 0 }).add(letter(1));
  expect([writes, sink.records.length]).toEqual([2, 1]);
});

test('deadLettersInto() rejects a letter that its sink does not take, and closes as not complete', async () => {
  const sink = collectingSink<LetterRecord>({
    onWrite: () => {
      throw forbidden();
    },
  });
  const letters = deadLettersInto(sink);
  await expect(letters.add(letter(1))).rejects.toMatchObject({
    code: 'WRITE_FAILED',
    message: expect.stringContaining('dead letters: record 1'),
  });
  await letters.close();
  expect(sink.calls.at(-1)).toBe('close incomplete');
});

test('deadLettersInto() rejects when its sink cannot be opened, and does not close it', async () => {
  const closed: unknown[] = [];
  const letters = deadLettersInto({
    ...collectingSink<LetterRecord>(),
    open: async () => Promise.reject(new Error('no such place')),
    close: async (context) => void closed.push(context),
  });
  await expect(letters.add(letter(1))).rejects.toThrow('no such place');
  await letters.close();
  expect(closed).toEqual([]);
});
