import type { ErrorCode } from '../core/errors.ts';
import { failureTable } from './failure.ts';

const codes = <const Codes extends readonly ErrorCode[]>(...names: Codes) => names;

/** Codes of this package's errors. The others (`SOURCE_FAILED`, `WRITE_FAILED`, …) mean what their cause means. */
export const OWN_CODES = failureTable({
  aborted: codes('ABORTED', 'SINK_CLOSED'),
  'bad-records': codes(
    'REFUSED_RECORD',
    'INVALID_RECORD',
    'MALFORMED_RECORD',
    'INVALID_UTF8',
    'INEXACT_NUMBER',
    'RECORD_TOO_LARGE',
    'RECORD_TOO_DEEP',
  ),
  'run-wide': codes(
    'MISSING_PACKAGE',
    'UNKNOWN_FORMAT',
    'PATH_NOT_FOUND',
    'MALFORMED_INPUT',
    'SOURCE_CHANGED',
    'CORRUPT_COMPRESSION',
    'DECOMPRESSION_BOMB',
    'RECORDS_UNACCOUNTED',
    'TOO_MANY_INVALID',
    'FENCED',
    'CHECKPOINT_MISMATCH',
  ),
});
