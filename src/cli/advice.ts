import { type ErrorCode, PipelineError } from '../core/errors.ts';
import { WriteError } from '../delivery/write-error.ts';
import { classify } from '../failures/classify.ts';
import { type FailureKind, isTransientKind } from '../failures/failure.ts';
import { isWrongUse } from './exit-codes.ts';

/** What is known of the command beside the error. */
export interface ErrorContext {
  readonly command: 'run' | 'replay' | 'preview' | 'status' | 'resume' | 'reset';
  /** Format of the source that was being read, once it is known. */
  readonly format?: string | undefined;
  /** Records are set aside already. */
  readonly setsAside?: boolean;
}

/** What to do about an error: a flag or a command. */
export function adviceFor(error: unknown, context: ErrorContext): string | undefined {
  if (isWrongUse(error)) return `See chain-reaction ${context.command} --help`;
  if (!(error instanceof PipelineError)) return undefined;
  if (error instanceof WriteError && error.code === 'WRITE_FAILED') return afterWrite(error, context);
  if (error.code === 'SOURCE_FAILED' && isPassing(error.cause)) return AGAIN;
  if (error.code === 'CHECKPOINT_FOREIGN' && context.command === 'reset') return NOT_OURS;
  if (error.code === 'CHECKPOINT_MISMATCH' && isOfAnotherRun(error)) return OWN_CHECKPOINT;
  if (AT_ONE_RECORD.has(error.code) && canSetAside(context)) return SET_ASIDE;
  if (error.code === 'INVALID_UTF8') return toUtf8(error, context);
  if (error.code === 'SOURCE_TRUNCATED' && error.message.endsWith(OPEN_QUOTE)) return CLOSE_QUOTE;
  if (error.code === 'RECORD_TOO_LARGE' && hasQuotes(context)) return CLOSE_LARGE_QUOTE;
  return ADVICE[error.code];
}

const AGAIN = 'Run again later; --max-retries N waits longer for it';

/** The source could not be read now, and may be at another time. */
function isPassing(cause: unknown): boolean {
  return cause !== undefined && isTransientKind(classify(cause).kind);
}

const NOT_OURS = 'It was not removed: if nobody needs it, remove it yourself';

const OWN_CHECKPOINT =
  'Name another file with --checkpoint FILE, or forget the other run with chain-reaction reset FILE';

/** To begin anew takes a checkpoint of the same run. */
function isOfAnotherRun({ message }: PipelineError): boolean {
  return message.includes('belongs to the run');
}

const SET_ASIDE = 'Set such records aside and go on with --dead-letters FILE';

/** What is wrong with one record only, where the format knows where the next one begins. */
const AT_ONE_RECORD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['MALFORMED_RECORD', 'INVALID_RECORD']);

/** A header cannot be set aside: there are no records without it. */
function toUtf8({ message }: PipelineError, context: ErrorContext): string {
  if (message.includes('The input is UTF-16')) return 'Convert the input to UTF-8: iconv -f utf-16 -t utf-8';
  const isOfHeader = message.includes('The header is not valid');
  return isOfHeader || !canSetAside(context)
    ? CONVERT
    : `${CONVERT}, or set such records aside with --dead-letters FILE`;
}

const CONVERT =
  'Convert the input to UTF-8 from the encoding that it really has, as with iconv -f latin1 -t utf-8';

/** How the message ends where a quote takes all the rest of a CSV input. */
const OPEN_QUOTE = 'The quote is not closed';

const CLOSE_QUOTE =
  'Close the quote that opens in this record, or double it inside of quotes if it is text; if the source was cut, get it again';

const CLOSE_LARGE_QUOTE =
  'Look whether a quote that opens in this record is not closed, or raise the bound with --max-record-bytes';

function hasQuotes({ format }: ErrorContext): boolean {
  return format === 'csv' || format === 'tsv';
}

/** In a JSON document the end of a malformed record cannot be known. */
const RECOVERABLE = new Set(['ndjson', 'jsonl', 'csv', 'tsv', 'text']);

function canSetAside({ command, format, setsAside }: ErrorContext): boolean {
  return command !== 'preview' && !setsAside && format !== undefined && RECOVERABLE.has(format);
}

/** What helps against each error; `undefined` where its message says all there is to say. */
export const ADVICE: Readonly<Record<ErrorCode, string | undefined>> = {
  MALFORMED_RECORD: 'Mend the record, or name another format with --format',
  MALFORMED_INPUT: 'Mend the input, or name another format with --format',
  INVALID_UTF8: CONVERT,
  INEXACT_NUMBER: 'Choose what becomes of such numbers with --numbers bigint|string|lossy',
  RECORD_TOO_LARGE:
    'Raise the bound with --max-record-bytes; records deeper in a JSON document are named with --path',
  RECORD_TOO_DEEP: 'Mend the record: it is nested deeper than any program needs',
  PATH_NOT_FOUND: 'Look at the document with chain-reaction preview, and give the path with --path',
  UNKNOWN_FORMAT: 'Name it with --format json|ndjson|json-seq|csv|tsv|text',
  SOURCE_FAILED: 'Check the name and whether it may be read; a URL may want --header-env Name=VARIABLE',
  SOURCE_TRUNCATED: 'Get the source again: this one is not complete',
  SOURCE_CHANGED: 'Start again: the source is not what it was',
  CORRUPT_COMPRESSION: 'Get the source again: this one is damaged',
  DECOMPRESSION_BOMB:
    'If you trust the source, decompress it first and pipe it in: … | chain-reaction run - SINK',
  INVALID_RECORD: 'Mend the record, or set such records aside with --dead-letters FILE',
  TRANSFORM_FAILED: 'Mend the transform, or set such records aside with --dead-letters FILE',
  WRITE_FAILED: 'Mend the cause and run again',
  SINK_FAILED: 'Check the sink; for one that exists choose --if-exists append|replace',
  SINK_CLOSED: undefined,
  REFUSED_RECORD: 'Name the columns with --columns, or change the records with --transform FILE',
  TOO_MANY_INVALID: 'Look at the dead letters for the reasons; --max-invalid N|N% allows more',
  RECORDS_UNACCOUNTED: 'This is a mistake of the program: please report it',
  INPUT_CHANGED:
    'Bring back the input as it was, or begin anew with --restart; --allow-growth takes what was appended, and a record that was mended if that made the input longer',
  FENCED: 'Leave the work to the later run, or stop it and start this one again',
  CHECKPOINT_LOCKED: 'Wait for the other run, or give this one a checkpoint of its own',
  CHECKPOINT_CORRUPT: 'Restore the checkpoint, or begin again without it: chain-reaction reset FILE',
  CHECKPOINT_FOREIGN: 'Choose another name for the checkpoint',
  CHECKPOINT_NEWER:
    'Run the version that wrote the checkpoint, or begin again without it: chain-reaction reset FILE',
  CHECKPOINT_MISMATCH: 'Give the command as it was, or begin anew with --restart',
  CHECKPOINT_FAILED: 'Check whether the place may be written by you, and whether its disk is full',
  MISSING_PACKAGE: undefined, // the message says what to install
  ABORTED: undefined,
};

function afterWrite(
  { failure, refused }: WriteError,
  { command, setsAside }: ErrorContext,
): string | undefined {
  if (refused > 0 && command !== 'preview' && !setsAside) return SET_ASIDE;
  if (/\b40[13]\b/.test(failure.why)) return 'Check the credentials: --header-env Authorization=VARIABLE';
  return AFTER_WRITE[failure.kind];
}

/** What the failure of a write means decides what helps. */
const AFTER_WRITE: Readonly<Record<FailureKind, string | undefined>> = {
  'not-applied': 'Check whether the sink can be reached; --max-retries N waits longer for it',
  'unknown-outcome':
    'The chunk may be written or not: look before you run again; --timeout gives the sink longer',
  throttled: 'The sink asks for time: run again later, with a lower --concurrency or a smaller --batch-size',
  'too-large': 'Write smaller chunks with --batch-size N or --max-bytes SIZE',
  'bad-records': 'Name the columns with --columns, or change the records with --transform FILE',
  'run-wide': 'Mend the cause and run again: no other chunk would be taken either',
  aborted: undefined,
  unrecognised: 'Mend the cause and run again',
};
