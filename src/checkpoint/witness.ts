import { createHash } from 'node:crypto';
import type { HashedRecord } from '../core/checkpoint.ts';
import { PipelineError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import type { RecordBlock } from '../core/record-block.ts';

export interface WitnessOptions {
  /** Name of the source, for messages. */
  readonly source: string;
  /** Records that were there before, in order. @default none */
  readonly known?: readonly HashedRecord[];
  /** Records that the source leaves out; of those behind them each known one must come again as it was. @default 0 */
  readonly before?: number | undefined;
  /** What the source calls the place behind a record. */
  readonly tokenOf?: ((record: unknown) => unknown) | undefined;
}

/** A chunk most often ends behind such a record. */
const EVERY = 100;

/**
 * Remembers records of a source that passes, by their hashes, so that a later run can tell whether the same comes again:
 * the first record, and the last one before a place. That is all that can be had of an input whose bytes nobody can look
 * at again.
 */
export class Witness {
  readonly #options: WitnessOptions;
  #expected: readonly HashedRecord[];
  #first: HashedRecord | undefined;
  /** The last known record, then every hundredth and the last ones of blocks, in order. */
  #last: HashedRecord[];

  constructor(options: WitnessOptions) {
    this.#options = options;
    const { known = [], before = 0 } = options;
    this.#expected = known.filter(({ record }) => record > before);
    [this.#first] = known;
    this.#last = known.slice(-1);
  }

  /** @throws PipelineError with the code `INPUT_CHANGED` when a record is not what it was */
  see(block: RecordBlock): void {
    if (block.count === 0) return;
    const before = block.start.records;
    for (const { record, sha256 } of this.#expected) {
      if (record > before + block.count) continue;
      if (record <= before || hashOf(block, record - before - 1) !== sha256)
        throw this.#changed(`record ${record.toLocaleString('en-US')} is another one`);
    }
    this.#expected = this.#expected.filter(({ record }) => record > before + block.count);
    if (before === 0) this.#first ??= this.#hashed(block, 0);
    const behind = before + block.count;
    for (let record = before - (before % EVERY) + EVERY; record < behind; record += EVERY)
      this.#note(block, record - before - 1);
    this.#note(block, block.count - 1);
  }

  /** The source has ended. @throws PipelineError with the code `INPUT_CHANGED` when records are missing */
  end(): void {
    const missing = this.#expected.at(-1);
    if (missing !== undefined)
      throw this.#changed(`it ends before record ${missing.record.toLocaleString('en-US')}`);
  }

  /** What a later run is to find, when it goes on behind so many records. */
  at(records: number): readonly HashedRecord[] {
    const behind = this.#last.findIndex(({ record }) => record > records);
    const passed = behind < 0 ? this.#last.length : behind;
    if (passed > 1) this.#last = this.#last.slice(passed - 1);
    const [first, last] = [this.#first, this.#last[0]];
    return [
      ...(first === undefined ? [] : [first]),
      ...(last === undefined || last.record > records || last.record === first?.record ? [] : [last]),
    ];
  }

  #note(block: RecordBlock, index: number): void {
    if (block.start.records + index < (this.#last.at(-1)?.record ?? 0)) return;
    const hashed = this.#hashed(block, index);
    if (hashed !== undefined) this.#last.push(hashed);
  }

  #hashed(block: RecordBlock, index: number): HashedRecord | undefined {
    const sha256 = hashOf(block, index);
    if (sha256 === undefined) return undefined;
    const token = this.#options.tokenOf?.(block.records[index]);
    return { record: block.start.records + index + 1, sha256, ...(token !== undefined && { token }) };
  }

  #changed(what: string): PipelineError {
    const message = `${this.#options.source} is not what it was: ${what}`;
    return new PipelineError({ code: 'INPUT_CHANGED', message });
  }
}

/** Of its bytes; where it has none of its JSON text; `undefined` when it has none of that either. */
function hashOf(block: RecordBlock, index: number): string | undefined {
  const { encoded } = block;
  try {
    const content =
      encoded === undefined
        ? encodeJson(block.records[index])
        : encoded.bytes.subarray(encoded.starts[index], encoded.ends[index]);
    return createHash('sha256').update(content).digest('hex');
  } catch {
    return undefined;
  }
}
