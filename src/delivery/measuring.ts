import type { Chunk } from '../core/chunk.ts';
import { PartialWriteError } from '../core/errors.ts';
import { type FullSink, type Sink, withWrite } from '../core/sink.ts';
import { type ClassifyOptions, type Failure, isTransientKind } from '../failures/index.ts';
import { judge } from './judge.ts';

/** What an attempt says of how the sink is doing: `busy` is any other failure that may pass. */
export type AttemptOutcome = 'written' | 'busy' | 'timed-out' | 'too-large' | 'failed';

/** Who is told of every attempt to write a chunk, or a part of one. */
export interface AttemptObserver {
  onBegin(chunk: Chunk): void;
  /** @param ms milliseconds that the attempt took */
  onEnd(chunk: Chunk, outcome: AttemptOutcome, ms: number): void;
}

/**
 * The sink, with each attempt measured: under the retries, so that no wait between two attempts counts.
 * @param observer asked at each attempt; when there is none, nothing is measured
 */
export function measuring<T>(
  sink: Sink<T>,
  observer: () => AttemptObserver | undefined,
  options: ClassifyOptions,
): FullSink<T> {
  return withWrite(sink, async (chunk, context) => {
    const told = observer();
    if (told === undefined) return sink.write(chunk, context);
    const beganAt = performance.now();
    let outcome: AttemptOutcome = 'written';
    told.onBegin(chunk as Chunk);
    try {
      await sink.write(chunk, context);
    } catch (error) {
      outcome = isOverdue(context.signal) ? 'timed-out' : outcomeOf(error, options);
      throw error;
    } finally {
      told.onEnd(chunk as Chunk, outcome, performance.now() - beganAt);
    }
  });
}

function isOverdue({ aborted, reason }: AbortSignal): boolean {
  return aborted && (reason as Error | undefined)?.name === 'TimeoutError';
}

function outcomeOf(error: unknown, options: ClassifyOptions): AttemptOutcome {
  const errors = error instanceof PartialWriteError ? [...error.refusals.values()] : [error];
  const outcomes = new Set(errors.map((each) => outcomeFor(judge(each, options).failure)));
  if (error instanceof PartialWriteError) outcomes.delete('too-large'); // said of a record, not of the chunk
  return (['timed-out', 'busy', 'too-large'] as const).find((each) => outcomes.has(each)) ?? 'failed';
}

function outcomeFor({ kind, why }: Failure): AttemptOutcome {
  if (kind === 'too-large') return 'too-large';
  if (kind === 'unknown-outcome' && TIMEOUT.test(why)) return 'timed-out';
  return isTransientKind(kind) ? 'busy' : 'failed';
}

/** The names that drivers, clients and HTTP give to an answer that came too late. */
const TIMEOUT = /tim(?:e|ed)[ _-]?out|\bHTTP 504\b/i;
