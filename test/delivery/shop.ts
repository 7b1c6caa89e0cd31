import type { Chunk } from '../../src/core/chunk.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink, WriteContext } from '../../src/core/sink.ts';
import { refusedRecord } from '../../src/formats/refused-record.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { errorWith } from '../failures/cases.ts';

export interface Item {
  readonly id: number;
  readonly text?: string;
}

/** How a shop speaks of what it refuses: not at all, of the first one by its place, or of each record. */
export type Manner = 'silent' | 'naming' | 'partial';

export interface ShopOptions {
  readonly isBad?: (item: Item) => boolean;
  readonly manner?: Manner;
  /** Most bytes of a chunk as NDJSON. */
  readonly maxBytes?: number;
  /** Asked before each write: what it throws fails that write. */
  readonly before?: (chunk: Chunk<Item>, writes: number) => void;
}

export interface Shop extends Sink<Item> {
  /** The ids of the records of each write, in the order of the writes. */
  readonly writes: (readonly number[])[];
  /** The chunk ids of the writes. */
  readonly ids: string[];
  /** The ids of what it has taken, in that order. */
  readonly taken: number[];
}

/** A sink that takes chunks whole or not at all, unless its manner is to speak of each record. */
export function shop({ isBad = () => false, manner = 'silent', maxBytes, before }: ShopOptions = {}): Shop {
  const writes: (readonly number[])[] = [];
  const ids: string[] = [];
  const taken: number[] = [];
  return {
    name: 'shop',
    guarantee: 'at-least-once',
    writes,
    ids,
    taken,
    async write(chunk: Chunk<Item>, { signal }: WriteContext) {
      signal.throwIfAborted();
      writes.push(chunk.records.map(({ id }) => id));
      ids.push(chunk.id);
      before?.(chunk, writes.length);
      if (maxBytes !== undefined && chunk.ndjson().length > maxBytes) throw tooLarge();
      const bad = chunk.records.flatMap((item, index) => (isBad(item) ? [index] : []));
      if (bad.length > 0 && manner === 'silent') throw badRequest();
      if (bad.length > 0 && manner === 'naming') throw refusedRecord(chunk as Chunk, bad[0]!, 'it is bad');
      for (const [index, { id }] of chunk.records.entries()) if (!bad.includes(index)) taken.push(id);
      if (bad.length > 0) throw new PartialWriteError(new Map(bad.map((index) => [index, badRequest()])));
    },
  };
}

export const badRequest = () => errorWith({ status: 422 }, 'it is bad');
export const tooLarge = () => errorWith({ status: 413 }, 'it is too large');
export const busy = () => errorWith({ status: 429 }, 'it is busy');
export const forbidden = () => errorWith({ status: 403 }, 'it is forbidden');

/** A chunk of items with ids from 0. */
export function items(count: number, text?: (id: number) => string): Chunk<Item> {
  const records = Array.from({ length: count }, (_, id) => ({ id, ...(text && { text: text(id) }) }));
  return chunkOf<Item>(records, { source: 'items.ndjson', from: 'bytes' });
}

export const numbersTo = (count: number) => Array.from({ length: count }, (_, id) => id);

/** What one record may cost beyond the first write of its chunk. */
export const mostExtra = (count: number) => 2 * Math.ceil(Math.log2(count)) + 1;

/** Writes a chunk as a run does. @returns what it rejected with */
export async function write(
  sink: Sink<Item>,
  chunk: Chunk<Item>,
  signal = new AbortController().signal,
): Promise<unknown> {
  try {
    await sink.write(chunk, { attempt: 1, signal });
    return undefined;
  } catch (error) {
    return error;
  }
}
