import assert from 'node:assert/strict';
import type { Chunk } from '../core/chunk.ts';
import type { Sink } from '../core/sink.ts';
import type { ContractRecord } from './contract-records.ts';
import type { SinkHarness } from './sink-harness.ts';

/** The place of a harness, in the words of the checks. */
export class Place {
  readonly harness: SinkHarness;
  readonly signal: AbortSignal = new AbortController().signal;

  constructor(harness: SinkHarness) {
    this.harness = harness;
  }

  /** Opens a new sink, uses it and closes it. */
  async run(use: (sink: Sink) => Promise<void>, complete = true): Promise<void> {
    const sink = await this.harness.create();
    await sink.open?.({ signal: this.signal });
    try {
      await use(sink);
    } catch (error) {
      await sink.close?.({ complete: false });
      throw error;
    }
    await sink.close?.({ complete });
  }

  async write(sink: Sink, chunk: Chunk, attempt = 1): Promise<void> {
    await sink.write(chunk, { attempt, signal: this.signal });
  }

  async holds(records: readonly unknown[], message: string): Promise<void> {
    await this.#compare(records, message, this.harness.isOrdered ?? true);
  }

  async holdsInAnyOrder(records: readonly unknown[], message: string): Promise<void> {
    await this.#compare(records, message, false);
  }

  async #compare(records: readonly unknown[], message: string, isOrdered: boolean): Promise<void> {
    const { represent = (record) => record } = this.harness;
    const expected = records.map((record) => own(represent(record as ContractRecord)));
    const found = (await this.harness.stored()).map(own);
    const order = isOrdered ? <V>(list: readonly V[]) => list : sorted;
    assert.deepStrictEqual(order(found), order(expected), message);
  }
}

/** A plain object of the same keys and values: a driver may give rows another prototype. */
function own(record: unknown): unknown {
  return typeof record === 'object' && record !== null && !Array.isArray(record)
    ? Object.fromEntries(Object.entries(record))
    : record;
}

function sorted<V>(list: readonly V[]): V[] {
  const text = (value: V) => JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));
  return list.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}
