import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileCheckpoint } from '../../src/checkpoint/index.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { deadLetterFile } from '../../src/sinks/dead-letter-file.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { RetryingWriter } from '../../src/streams/retrying-writer.ts';

let folder = '';
const path = (name: string) => join(folder, name);
const INPUT = 'a,b\n1,2\n3,4,5\n';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shared-'));
  writeFileSync(path('in.csv'), INPUT);
});
afterEach(() => rmSync(folder, { recursive: true }));

const letters = (name: string): Partial<BatchProcessorOptions> => ({
  onInvalid: 'dead-letter',
  deadLetters: deadLetterFile(path(name)),
});
const checkpoint = (name: string) => ({ checkpoint: { store: fileCheckpoint(path(name)), run: 'r' } });
const database = (name: string) => ({ sink: sqliteSink({ file: path(name), table: 't' }) });

describe('A run whose files are', () => {
  test.each<[string, () => Partial<BatchProcessorOptions>, string]>([
    [
      'letters and output',
      () => letters('out.ndjson'),
      'deadLetters must be another file than that of the sink',
    ],
    [
      'letters and input',
      () => letters('in.csv'),
      'deadLetters must be another file than that of the source',
    ],
    [
      'letters and database',
      () => ({ ...letters('out.db'), ...database('out.db') }),
      'deadLetters must be another file than that of the sink',
    ],
    [
      'letters and checkpoint',
      () => ({ ...letters('x'), ...checkpoint('x') }),
      'deadLetters must be another file than that of the checkpoint',
    ],
    [
      'checkpoint and output',
      () => checkpoint('out.ndjson'),
      'checkpoint must be another file than that of the sink',
    ],
    [
      'checkpoint and input',
      () => checkpoint('in.csv'),
      'checkpoint must be another file than that of the source',
    ],
  ])('one, %s, is refused, and all stays as it was', async (_, options, message) => {
    const run = new BatchProcessor({
      source: path('in.csv'),
      sink: fileSink(path('out.ndjson')),
      ...options(),
    }).run();
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toThrow(TypeError);
    expect(readFileSync(path('in.csv'), 'utf8')).toBe(INPUT);
  });

  test.each([
    ['a link to it', () => symlinkSync(path('in.csv'), path('other'))],
    ['the same under another name', () => linkSync(path('in.csv'), path('other'))],
    ['the same through a folder', () => symlinkSync(folder, path('folder'))],
  ])('%s is refused, too', async (how, link) => {
    link();
    const name = how.includes('folder') ? 'folder/in.csv' : 'other';
    const run = new BatchProcessor({
      source: path('in.csv'),
      sink: fileSink(path('out.ndjson')),
      ...letters(name),
    }).run();
    await expect(run).rejects.toThrow('deadLetters must be another file than that of the source');
    expect(readFileSync(path('in.csv'), 'utf8')).toBe(INPUT);
  });

  test('different is not refused, nor is one that is made anew of itself', async () => {
    const { written, deadLettered } = await new BatchProcessor({
      source: path('in.csv'),
      sink: fileSink(path('in.csv')),
      ...letters('letters'),
      ...checkpoint('checkpoint'),
    }).run();
    expect({ written, deadLettered }).toEqual({ written: 1, deadLettered: 1 });
    expect(readFileSync(path('in.csv'), 'utf8')).toBe('a,b\n1,2\n');
  });
});

test('RetryingWriter refuses letters in the file of its sink', () => {
  const options = { deadLetters: deadLetterFile(path('out.ndjson')) };
  expect(() => new RetryingWriter(fileSink(path('out.ndjson')), options)).toThrow(
    'deadLetters must be another file than that of the sink',
  );
});

test('letters are not put into a file that holds something else', async () => {
  writeFileSync(path('notes.txt'), 'to do\n');
  const run = new BatchProcessor({
    source: path('in.csv'),
    sink: fileSink(path('out.ndjson')),
    ...letters('notes.txt'),
  }).run();
  await expect(run).rejects.toThrow('notes.txt cannot hold dead letters: it holds something else');
  expect(readFileSync(path('notes.txt'), 'utf8')).toBe('to do\n');
});
