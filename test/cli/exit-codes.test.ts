import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, exitCodeOf, UsageError } from '../../src/cli/exit-codes.ts';
import { createProgram } from '../../src/cli/program.ts';
import { ERROR_CODES, type ErrorCode, PipelineError } from '../../src/core/errors.ts';

const EXPECTED: Readonly<Record<ErrorCode, number>> = {
  MALFORMED_RECORD: 4,
  MALFORMED_INPUT: 4,
  INVALID_UTF8: 4,
  INEXACT_NUMBER: 4,
  RECORD_TOO_LARGE: 4,
  RECORD_TOO_DEEP: 4,
  PATH_NOT_FOUND: 4,
  UNKNOWN_FORMAT: 4,
  SOURCE_FAILED: 4,
  SOURCE_TRUNCATED: 4,
  SOURCE_CHANGED: 4,
  CORRUPT_COMPRESSION: 4,
  DECOMPRESSION_BOMB: 4,
  INVALID_RECORD: 4,
  TRANSFORM_FAILED: 1,
  WRITE_FAILED: 1,
  SINK_FAILED: 1,
  SINK_CLOSED: 1,
  REFUSED_RECORD: 1,
  TOO_MANY_INVALID: 6,
  RECORDS_UNACCOUNTED: 1,
  CHECKPOINT_LOCKED: 1,
  CHECKPOINT_CORRUPT: 5,
  CHECKPOINT_FOREIGN: 5,
  INPUT_CHANGED: 5,
  FENCED: 1,
  CHECKPOINT_NEWER: 5,
  CHECKPOINT_MISMATCH: 5,
  CHECKPOINT_FAILED: 1,
  MISSING_PACKAGE: 1,
  ABORTED: 1,
};

describe('exitCodeOf', () => {
  test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s has a code that was decided', (code) => {
    expect(exitCodeOf(new PipelineError({ code, message: 'x' }))).toBe(EXPECTED[code]);
  });

  test.each([
    [new UsageError('x'), 2],
    [new TypeError('x'), 2],
    [new RangeError('x'), 2],
    [new Error('x'), 1],
    ['thrown text', 1],
  ])('takes %s for %i', (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe('EXIT', () => {
  const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const help = createProgram(() => {});
  let shown = '';
  help.configureOutput({ writeOut: (text) => (shown += text) }).outputHelp();

  test.each(Object.entries(EXIT))('%s (%i) is told by the README and the help', (_name, code) => {
    const section = readme.slice(readme.indexOf('## Exit codes'), readme.indexOf('## More'));
    expect(section).toMatch(new RegExp(`^\\| (?:\\d+/)?${code}\\b`, 'm'));
    expect(shown.slice(shown.indexOf('Exit codes:'))).toMatch(new RegExp(`(?:^|; ) *${code}\\b`, 'm'));
  });
});
