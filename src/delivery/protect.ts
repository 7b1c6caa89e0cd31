import type { DeadLetters } from '../core/dead-letter.ts';
import { expectKind, knownOptions, type OptionNames } from '../core/options.ts';
import type { FullSink, Sink } from '../core/sink.ts';
import { bisecting } from './bisecting.ts';
import { type DeadLetteringOptions, deadLettering } from './dead-lettering.ts';
import { RETRY_OPTIONS, type RetryOptions } from './retry-options.ts';
import { retrying } from './retrying.ts';

/** How chunks are delivered. */
export interface DeliveryOptions extends RetryOptions, Pick<DeadLetteringOptions, 'onSetAside'> {
  /**
   * Where records go that the sink refuses for good; it stays open. @default nowhere: the first of them fails the chunk,
   * and what comes after it is not sent
   */
  readonly deadLetters?: DeadLetters | undefined;
}

export const DELIVERY_OPTIONS: OptionNames<DeliveryOptions> = {
  ...RETRY_OPTIONS,
  deadLetters: true,
  onSetAside: true,
};

/**
 * The sink with the policies of delivery around it, in the one order that makes sense: first what is tried again as it
 * is, around it what divides a chunk, and outermost what gives a record up.
 * @throws RangeError or TypeError when an option is wrong
 */
export function protect<T>(sink: Sink<T>, options: DeliveryOptions = {}): FullSink<T> {
  knownOptions('protect', options, DELIVERY_OPTIONS);
  const { deadLetters, onSetAside, ...retry } = options;
  const { classify } = retry;
  const patient = retrying(sink, retry);
  if (deadLetters === undefined) return bisecting(patient, { classify, enough: () => 1 });

  expectKind('deadLetters', deadLetters, typeof deadLetters.add === 'function', 'a place for dead letters');
  const enough = () => (deadLetters.room?.() ?? Number.POSITIVE_INFINITY) + 1;
  return deadLettering(bisecting(patient, { classify, enough }), deadLetters, {
    classify,
    ...(onSetAside !== undefined && { onSetAside }),
  });
}
