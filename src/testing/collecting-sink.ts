import type { Chunk } from '../core/chunk.ts';
import type { Guarantee, Sink, SinkLimits, WriteContext } from '../core/sink.ts';

/** Options of `collectingSink`. */
export interface CollectingSinkOptions<T = unknown> {
  /** @default 'collecting' */
  readonly name?: string;
  /** @default 'at-least-once' */
  readonly guarantee?: Guarantee;
  readonly limits?: SinkLimits;
  /** Called before a chunk is kept; what it throws fails the write. */
  readonly onWrite?: (chunk: Chunk<T>, context: WriteContext) => void | Promise<void>;
}

/** A sink that keeps what it is given in memory. */
export interface CollectingSink<T = unknown> extends Sink<T> {
  /** All records written, in the order of the writes. */
  readonly records: readonly T[];
  /** All chunks written. */
  readonly chunks: readonly Chunk<T>[];
  /** What was called, in order: `open`, `write`, `close complete`, `close incomplete`. */
  readonly calls: readonly string[];
}

/** A sink for tests: keeps records, chunks and calls, and fails on demand. */
export function collectingSink<T = unknown>(options: CollectingSinkOptions<T> = {}): CollectingSink<T> {
  const { name = 'collecting', guarantee = 'at-least-once', limits, onWrite } = options;
  const records: T[] = [];
  const chunks: Chunk<T>[] = [];
  const calls: string[] = [];
  return {
    name,
    guarantee,
    ...(limits !== undefined && { limits }),
    records,
    chunks,
    calls,
    async open() {
      calls.push('open');
    },
    async write(chunk, context) {
      calls.push('write');
      context.signal.throwIfAborted();
      await onWrite?.(chunk, context);
      chunks.push(chunk);
      for (const record of chunk.records) records.push(record);
    },
    async close({ complete }) {
      calls.push(complete ? 'close complete' : 'close incomplete');
    },
  };
}
