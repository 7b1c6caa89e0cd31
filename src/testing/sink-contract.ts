import * as promise from './contract-checks.ts';
import { Place } from './contract-place.ts';
import type { SinkHarness } from './sink-harness.ts';

/** One promise of a sink. It throws an `AssertionError` when the promise is broken. */
export interface ContractCheck {
  /** The promise, as a sentence without its subject. */
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * Every promise of the `Sink` interface as a check, for any test runner:
 * `for (const { name, run } of sinkContract(harness)) test(name, run)`. The checks share one place: run them in turn.
 */
export function sinkContract(harness: SinkHarness): readonly ContractCheck[] {
  const checks: Record<string, (place: Place) => Promise<void>> = {
    'has a name and a known guarantee': promise.hasNameAndGuarantee,
    'writes all records of all chunks in order': promise.writesAll,
    'writes records that are still bytes': promise.writesBytes,
    'writes a last chunk that is not full': promise.writesLastPart,
    'writes several chunks at once, each of them whole': promise.writesAtOnce,
    'can be closed without being opened': promise.closesUnopened,
    'can be closed without a write': promise.closesUnwritten,
    'changes neither the records nor the bytes of a chunk': promise.changesNothing,
    'keeps nothing of a chunk that is written, if it says so': promise.keepsNothing,
    'asks of records nothing but their JSON, if it says so': promise.takesJson,
    'rejects a write whose signal is aborted, and stores nothing': promise.obeysSignal,
    'goes on after a write that failed': promise.goesOnAfterFailure,
    'can be used again by a new run': promise.servesSecondRun,
    'takes chunks as large as its limits say': promise.takesItsLimits,
    'keeps texts as they are, whatever they look like': promise.keepsTexts,
  };
  if (harness.readable !== 'on-close')
    checks['resolves when the records can be read'] = promise.resolvesWhenStored;
  if (harness.refused !== undefined)
    checks['stores nothing of a chunk with a refused record, but what it says it has'] =
      promise.storesNothingRefused;
  if (harness.isAllOrNothing)
    checks['leaves nothing of a run that is not complete'] = promise.leavesNothingIncomplete;
  if (!harness.without?.includes('keys'))
    checks['keeps keys as they are, whatever they look like'] = promise.keepsKeys;
  if (!harness.without?.includes('big-integers'))
    checks['keeps integers beyond 2^53'] = promise.keepsBigIntegers;
  checks['has one copy of a chunk that a run wrote that was cut off, and the next one wrote again'] =
    promise.writesOnce;

  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      await harness.clear();
      await check(new Place(harness));
    },
  }));
}
