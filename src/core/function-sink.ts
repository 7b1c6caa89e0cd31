import type { Chunk } from './chunk.ts';
import { expectKind, knownOptions, type OptionNames } from './options.ts';
import { checkLimits, type Sink, type WriteContext } from './sink.ts';

/** What a function that is used as a sink is told beside the records. */
export interface SinkFunctionContext<T> extends WriteContext {
  /** The chunk: its id, its positions, its bytes. It belongs to the attempt, as the records do. */
  readonly chunk: Chunk<T>;
}

/** Writes the records of a chunk: resolves when all are safe, rejects when none is. */
export type SinkFunction<T> = (records: readonly T[], context: SinkFunctionContext<T>) => unknown;

export interface FunctionSinkOptions {
  /** Name for messages. @default the name of the function, else `function` */
  readonly name?: string;
}

const OPTIONS: OptionNames<FunctionSinkOptions> = {
  name: true,
};

/**
 * A sink that calls a function. Each attempt is given records of its own, so that a function that changes or consumes
 * them cannot change what a retry sends.
 * @throws TypeError when `write` is not a function
 */
export function functionSink<T>(write: SinkFunction<T>, options: FunctionSinkOptions = {}): Sink<T> {
  expectKind('write', write, typeof write === 'function', 'a function');
  knownOptions('functionSink', options, OPTIONS);
  const { name = write.name || 'function' } = options;
  return {
    name,
    guarantee: 'at-least-once',
    async write(chunk, context) {
      const own = chunk.copy();
      await write([...own.records], { ...context, chunk: own });
    },
  };
}

/** A sink as it is, a function as a sink. @throws TypeError when it is neither */
export function toSink<T>(sink: Sink<T> | SinkFunction<T>): Sink<T> {
  if (typeof sink === 'function') return functionSink(sink);
  const isSink = typeof (sink as Partial<Sink<T>> | undefined | null)?.write === 'function';
  expectKind('sink', sink, isSink, 'a sink (an object with a method write) or a function');
  if (sink.limits !== undefined) checkLimits(sink.limits);
  return sink;
}
