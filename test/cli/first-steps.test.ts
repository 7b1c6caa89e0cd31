import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('words', 'just words\nand more\n');
work.file('late.ndjson', `${lines(1_000)}\n{"id":1000,"late":true}\n`);
work.file('bad.ndjson', '{"id":1}\n{x\n{"id":3}\n{y\n');
work.file('latin1.ndjson', Buffer.from('{"name":"Ada"}\n{"name":"Zo\xeb"}\n{"name":"Grace"}\n', 'latin1'));
work.file('latin1.csv', Buffer.from('name\nAda\nZo\xeb\nGrace\n', 'latin1'));
work.file('latin1-header.csv', Buffer.from('pr\xe9nom\nAda\n', 'latin1'));
work.file('quote.csv', `id,size\n1,2\n2,"5\n${'3,4\n'.repeat(100)}`);
work.file('old.csv', 'what was here before\n');

describe('A first mistake is told in the words of the command', () => {
  test.each([
    [['words', 'o.csv'], 4, 'words: The format could not be detected\nName it with --format json|ndjson|'],
    [
      ['bad.ndjson', 'no/o.csv', '--dead-letters', 'd'],
      1,
      'no/o.csv could not be created: There is no folder no\n',
    ],
    [['bad.ndjson', 'o.db'], 2, 'The sink for a database is sqlite:o.db?table=NAME'],
    [
      ['bad.ndjson', 'o.csv', '--dead-letters', 'e', '--max-invalid', '1'],
      6,
      'more than --max-invalid (1) allows',
    ],
    [
      ['quote.csv', 'o.ndjson'],
      4,
      'quote.csv:3 (record 2, byte 14): The quote is not closed\nClose the quote that opens in this record',
    ],
    [
      ['quote.csv', 'o.ndjson', '--max-record-bytes', '100'],
      4,
      'quote.csv:3 (record 2, byte 12): The record is larger than maxRecordBytes (100)\nLook whether a quote',
    ],
    [['late.ndjson', 'o.csv'], 1, 'has no column "late": name all columns with --columns ('],
  ])('%j', async (places, code, message) => {
    const outcome = await work.command(['run', ...places]);
    expect(outcome.stderr).toContain(message);
    expect(outcome.code).toBe(code);
  });
});

describe('Records that are not UTF-8', () => {
  test.each([
    ['latin1.ndjson', 'latin1.ndjson:2 (record 2, byte 15): The record is not valid UTF-8\n'],
    ['latin1.csv', 'latin1.csv:3 (record 2, byte 9): The record is not valid UTF-8\n'],
  ])('of %s end the run, which says how to set them aside', async (source, message) => {
    const failed = await work.command(['run', source, '-']);
    expect(failed.stderr).toMatch(/or set such records aside with --dead-letters FILE$/m);
    expect(failed.stderr).toContain(message);
    expect(failed.code).toBe(4);
    const { code, stdout } = await work.command(['run', source, '-', '--dead-letters', `${source}.dead`]);
    expect(stdout).toBe('{"name":"Ada"}\n{"name":"Grace"}\n');
    expect(code).toBe(3);
    const letter = JSON.parse(readFileSync(work.path(`${source}.dead`), 'utf8')) as { rawBase64: string };
    expect(Buffer.from(letter.rawBase64, 'base64').toString('latin1')).toContain('Zoë');
  });

  test('cannot be set aside where they are a header', async () => {
    const { code, stderr } = await work.command(['run', 'latin1-header.csv', '-']);
    expect(stderr).toContain('The header is not valid UTF-8\nConvert the input to UTF-8');
    expect(stderr).not.toContain('--dead-letters');
    expect(code).toBe(4);
  });
});

describe('A file of a run that failed', () => {
  test('is what it was before, and that is said', async () => {
    const { stderr } = await work.command(['run', 'late.ndjson', 'old.csv']);
    expect(stderr).toMatch(/^1,000 records written to old\.csv/m);
    expect(stderr).toContain('old.csv is as it was before');
    expect(readFileSync(work.path('old.csv'), 'utf8')).toBe('what was here before\n');
    expect(existsSync(work.path('o.csv'))).toBe(false);
  });
});
