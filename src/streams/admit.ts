import type { DeadLetters } from '../core/dead-letter.ts';
import type { MalformedRecord } from '../core/format.ts';
import { expectKind, type OptionNames, oneOf } from '../core/options.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import { Tally } from '../core/tally.ts';

/** What to do with records that are malformed, do not match the schema, or make a transform throw. */
export interface InvalidRecordOptions {
  /** `fail`: the first such record ends the run. `dead-letter`: it is set aside and the run goes on. @default 'fail' */
  readonly onInvalid?: 'fail' | 'dead-letter';
  /** Where they go; required with `dead-letter`. */
  readonly deadLetters?: DeadLetters | undefined;
  /** Counts of the run. */
  readonly tally?: Tally;
}

export const INVALID_RECORD_OPTIONS: OptionNames<InvalidRecordOptions> = {
  onInvalid: true,
  deadLetters: true,
  tally: true,
};

export type InvalidRecordPolicy = Readonly<{
  letters: DeadLetters | undefined;
  tally: Tally;
  /** Whether a run before this one has dealt with a record (from 0) of a source. @default with none */
  isDone?: (source: number, record: number) => boolean;
}>;

/** @throws TypeError when an option is wrong, or `dead-letter` has no place for the letters */
export function invalidRecordPolicy(options: InvalidRecordOptions): InvalidRecordPolicy {
  const { onInvalid = 'fail', deadLetters, tally = new Tally() } = options;
  oneOf('onInvalid', onInvalid, ['fail', 'dead-letter']);
  if (onInvalid === 'fail') return { letters: undefined, tally };
  const isPlace = typeof deadLetters?.add === 'function';
  expectKind('deadLetters', deadLetters, isPlace, 'a place for dead letters when onInvalid is "dead-letter"');
  return { letters: deadLetters, tally };
}

/** Counts what a decoder gives out; lets blocks pass, and sets malformed records aside or throws. */
export async function* admit<T>(
  decoded: Iterable<RecordBlock<T> | MalformedRecord> | AsyncIterable<RecordBlock<T> | MalformedRecord>,
  source: { readonly name: string; readonly index: number },
  policy: InvalidRecordPolicy,
): AsyncGenerator<RecordBlock<T>, void> {
  for await (const item of decoded) {
    if (isRecordBlock(item)) {
      policy.tally.read += item.count;
      policy.tally.see({ source: source.name, start: item.start, end: item.end });
      yield item as RecordBlock<T>;
    } else {
      await setAside(item as MalformedRecord, source, policy);
    }
  }
}

async function setAside(
  { malformed, position, raw }: MalformedRecord,
  source: { readonly name: string; readonly index: number },
  { letters, tally, isDone }: InvalidRecordPolicy,
): Promise<void> {
  const { record } = position;
  if (isDone?.(source.index, record - 1)) {
    tally.settleRecord(source.name, source.index, record);
    return;
  }
  const at = { source: source.index, records: record - 1 };
  tally.read++;
  tally.invalid++;
  tally.see({ source: source.name, start: at, end: { ...at, records: record } });
  if (letters === undefined) throw malformed;
  const { code, message: reason } = malformed;
  const place = { source: source.name, sourceIndex: source.index, position };
  await letters.add({ ...place, code, reason, time: new Date(), raw });
  tally.deadLettered++;
  tally.settleRecord(source.name, source.index, record);
}
