import { afterEach, describe, expect, test } from 'vitest';
import { ADVICE } from '../../src/cli/advice.ts';
import { errorLines, stackLines } from '../../src/cli/error-lines.ts';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { forgetSecrets, keepSecret } from '../../src/cli/secrets.ts';
import { ERROR_CODES, type ErrorCode, PipelineError } from '../../src/core/errors.ts';
import { WriteError } from '../../src/delivery/write-error.ts';
import type { FailureKind } from '../../src/failures/failure.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';

afterEach(forgetSecrets);

const RUN = { command: 'run' } as const;

function malformed(code: ErrorCode = 'MALFORMED_RECORD', message = 'Bad'): PipelineError {
  const position = { record: 2, line: 2, byte: 9 };
  return new PipelineError({ code, message, source: 'a.ndjson', position });
}

function writeError(kind: FailureKind, why: string): WriteError {
  const failure = { kind, why };
  return new WriteError({ sink: 'h', chunk: chunkOf([1]), attempts: 1, failure, cause: new Error(why) });
}

describe('errorLines', () => {
  test('says what failed and where, why, and what to do', () => {
    const cause = new Error('outer', { cause: new Error('the disk is full') });
    const error = new PipelineError({ code: 'SINK_FAILED', message: 'o.csv could not be closed', cause });
    expect(errorLines(error, RUN)).toEqual([
      'o.csv could not be closed',
      'because: the disk is full',
      'Check the sink; for one that exists choose --if-exists append|replace',
    ]);
  });

  test('does not say the same twice', () => {
    const cause = new Error('no space left');
    const error = new PipelineError({ code: 'WRITE_FAILED', message: 'not written: no space left', cause });
    expect(errorLines(error, RUN)[1]).not.toContain('because');
  });

  test('says once where it happened, and what the flags are called', () => {
    const place = 'a.csv:2 (record 1, byte 9)';
    const cause = new Error(`${place}: There is no column "x": name all columns with the columns option`);
    const message = `${place} (chunk 1) could not be written to o.csv: ${cause.message} (1 attempt)`;
    expect(errorLines(new PipelineError({ code: 'WRITE_FAILED', message, cause }), RUN).slice(0, -1)).toEqual(
      [
        `${place} (chunk 1) could not be written to o.csv: There is no column "x": name all columns with --columns (1 attempt)`,
      ],
    );
  });

  test('leaves a place alone that is all there is', () => {
    expect(errorLines(malformed(), RUN)[0]).toBe('a.ndjson:2 (record 2, byte 9): Bad');
  });

  test.each([
    ['ndjson', true],
    ['csv', true],
    ['tsv', true],
    ['json', false],
    ['json-seq', false],
    [undefined, false],
  ])('offers dead letters for %s only if they can help: %s', (format, isOffered) => {
    for (const code of ['MALFORMED_RECORD', 'INVALID_UTF8'] as const) {
      const text = errorLines(malformed(code), { ...RUN, format }).join('\n');
      expect(text.includes('--dead-letters')).toBe(isOffered);
    }
  });

  test('says of what is not UTF-8 which encoding it has, if that is known, and cannot set a header aside', () => {
    const advice = (message: string) =>
      errorLines(malformed('INVALID_UTF8', message), { ...RUN, format: 'csv' })[1];
    const convert =
      'Convert the input to UTF-8 from the encoding that it really has, as with iconv -f latin1 -t utf-8';
    expect(advice('The record is not valid UTF-8')).toBe(
      `${convert}, or set such records aside with --dead-letters FILE`,
    );
    expect(advice('The header is not valid UTF-8')).toBe(convert);
    expect(advice('The input is UTF-16, as its byte order mark says')).toBe(
      'Convert the input to UTF-8: iconv -f utf-16 -t utf-8',
    );
  });

  test.each([
    ['SOURCE_TRUNCATED', 'The quote is not closed', 'csv', 'Close the quote that opens in this record, or '],
    ['SOURCE_TRUNCATED', 'The quote is not closed', 'tsv', '; if the source was cut, get it again'],
    ['SOURCE_TRUNCATED', 'The gzip data ends too early', 'csv', 'Get the source again'],
    [
      'RECORD_TOO_LARGE',
      'Bad',
      'csv',
      'Look whether a quote that opens in this record is not closed, or raise',
    ],
    ['RECORD_TOO_LARGE', 'Bad', 'tsv', '--max-record-bytes'],
    ['RECORD_TOO_LARGE', 'Bad', 'json', '--path'],
  ] as const)('of %s (%s) in %s says: %s', (code, message, format, advice) => {
    const last = errorLines(malformed(code, message), { ...RUN, format }).at(-1)!;
    expect(last).toContain(advice);
    expect(last.includes('--path')).toBe(format === 'json');
  });

  test('offers no dead letters to whom has them already, nor in a preview', () => {
    expect(errorLines(malformed(), { ...RUN, format: 'csv', setsAside: true }).join()).not.toContain(
      '--dead',
    );
    expect(errorLines(malformed(), { command: 'preview', format: 'csv' }).join()).not.toContain('--dead');
  });

  test.each([
    ['not-applied', 'ECONNREFUSED', '--max-retries'],
    ['unknown-outcome', 'ETIMEDOUT', '--timeout'],
    ['throttled', 'HTTP 429', '--concurrency'],
    ['too-large', 'HTTP 413', '--batch-size'],
    ['bad-records', 'HTTP 422', '--transform'],
    ['run-wide', 'HTTP 401', '--header-env'],
    ['run-wide', 'ENOSPC', 'Mend the cause'],
    ['unrecognised', 'boom', 'Mend the cause'],
  ] as const)('knows what helps against %s (%s)', (kind, why, advice) => {
    expect(errorLines(writeError(kind, why), RUN).at(-1)).toContain(advice);
  });

  test('names the flag where the library names its option', () => {
    const [what, advice] = errorLines(new RangeError('timeoutMs must be from 1, got 0'), RUN);
    expect(what).toBe('--timeout must be from 1, got 0');
    expect(advice).toBe('See chain-reaction run --help');
  });

  test('keeps what is secret, and what steers a terminal, to itself', () => {
    keepSecret('canary');
    const cause = new Error('because \u001b[2Jof canary\nand more');
    const error = new PipelineError({ code: 'SOURCE_FAILED', message: 'no \u001b[31mcanary', cause });
    expect(errorLines(error, RUN).slice(0, 2)).toEqual(['no ***', 'because: because of *** and more']);
  });

  test('copes with anything that is thrown', () => {
    expect(errorLines('just text', RUN)).toEqual(['just text']);
    expect(errorLines(undefined, RUN)).toEqual(['undefined']);
    expect(errorLines(new UsageError('wrong'), { command: 'preview' })[1]).toContain('preview --help');
  });
});

describe('ADVICE', () => {
  const SAID_IN_THE_MESSAGE: readonly ErrorCode[] = ['SINK_CLOSED', 'MISSING_PACKAGE', 'ABORTED'];

  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('has something to do about %s', (code) => {
    expect(ADVICE[code] === undefined).toBe(SAID_IN_THE_MESSAGE.includes(code));
  });

  test('names no flag that does not exist', () => {
    const known = new Set(
      createProgram(() => {}).commands.flatMap(({ options }) => options.map(({ long }) => long)),
    );
    const ofCsv = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) =>
      errorLines(malformed(code), { ...RUN, format: 'csv' }).at(-1),
    );
    const advice = [...Object.values(ADVICE), ...ofCsv];
    const named = advice.flatMap((text) => text?.match(/--[a-z][a-z-]+/g) ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });
});

describe('stackLines', () => {
  test('shows where an error and its causes arose, and none of what they hold', () => {
    keepSecret('canary');
    const cause = Object.assign(new Error('inner canary'), { record: { name: 'private' } });
    const text = stackLines(new Error('outer', { cause })).join('\n');
    expect(text).toMatch(/^Error: outer\n\s+at .*error-lines\.test\.ts/);
    expect(text).toContain('Caused by: Error: inner ***');
    expect(text).not.toMatch(/canary|private/);
  });
});
