import { messageOf } from '../core/errors.ts';
import { adviceFor, type ErrorContext } from './advice.ts';
import { isWrongUse } from './exit-codes.ts';
import { mask } from './secrets.ts';
import { plain } from './terminal.ts';

/** What failed, why, and what to do: three lines, each only when there is something to say. */
export function errorLines(error: unknown, context: ErrorContext): readonly string[] {
  const message = inFlags(isWrongUse(error) ? asFlags(messageOf(error)) : messageOf(error));
  const place = placeIn(message);
  const what = shown(place + withoutPlace(message.slice(place.length), place));
  const why = deepest(error);
  const reason = why === undefined ? undefined : shown(withoutPlace(inFlags(messageOf(why)), place));
  const advice = adviceFor(error, context);
  return [
    what,
    ...(reason === undefined || what.includes(reason) || reason.startsWith('ENOENT')
      ? []
      : [`because: ${reason}`]),
    ...(advice === undefined ? [] : [advice]),
  ];
}

/** Where in the code an error arose, and those that caused it. Never their other properties, which may hold records. */
export function stackLines(error: unknown): readonly string[] {
  const lines: string[] = [];
  let each = error;
  for (let depth = 0; depth < 10 && each instanceof Error; depth++, each = each.cause) {
    const text = `${depth === 0 ? '' : 'Caused by: '}${each.stack ?? String(each)}`;
    lines.push(...mask(text).split('\n').map(plain));
  }
  return lines;
}

/** Where it happened: `a.csv:2 (record 1, byte 9)`, when that is how a message begins. */
function placeIn(message: string): string {
  return /^[^()]{1,1000} \(record [^()]{1,100}\)/.exec(message)?.[0] ?? '';
}

/** A message that wraps another one would say a second time where it happened. */
function withoutPlace(message: string, place: string): string {
  return place === '' ? message : message.replaceAll(`${place}: `, '');
}

/** What the library calls by its own words in the middle of a message. */
const PHRASES: readonly (readonly [library: string, command: string])[] = [
  ['; name it with the option format (ndjson, json, csv, tsv, text)', ''],
  ['name all columns with the columns option', 'name all columns with --columns'],
  ['more than maxInvalid (', 'more than --max-invalid ('],
];

function inFlags(message: string): string {
  return PHRASES.reduce((text, [library, command]) => text.replace(library, command), message);
}

function shown(text: string): string {
  return plain(mask(text));
}

function deepest(error: unknown): Error | undefined {
  let cause = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; depth < 10 && cause instanceof Error && cause.cause instanceof Error; depth++)
    cause = cause.cause;
  return cause instanceof Error ? cause : undefined;
}

/** Options of the library whose flags have other names. */
const FLAG_OF: Readonly<Record<string, string>> = {
  batchSize: '--batch-size',
  maxBytes: '--max-bytes',
  maxWaitMs: '--max-wait',
  maxRecordBytes: '--max-record-bytes',
  maxRetries: '--max-retries',
  timeoutMs: '--timeout',
  maxInvalid: '--max-invalid',
  concurrency: '--concurrency',
  transformConcurrency: '--transform-concurrency',
  header: '--csv-header',
  delimiter: '--delimiter',
  path: '--path',
  cast: '--cast',
  checkpoint: '--checkpoint',
  deadLetters: '--dead-letters',
  numbers: '--numbers',
  columns: '--columns',
  key: '--key',
  ifExists: '--if-exists',
  escapeFormulas: '--escape-formulas',
};

/** `--batch-size must be …` for the `batchSize must be …` of the library. */
function asFlags(message: string): string {
  return message
    .replace(/^([a-z]\w*)(?= (?:must|is) )/i, (name) =>
      Object.hasOwn(FLAG_OF, name) ? FLAG_OF[name]! : name,
    )
    .replace(/^file (?=must end in )/, 'The sink ')
    .replace('or format must be given', 'or --to must name the format');
}
