import { letterOf } from '../core/dead-letter.ts';
import type { ErrorCode } from '../core/errors.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { ObjectBlock } from '../core/object-block.ts';
import { integerBetween, knownOptions, type OptionNames } from '../core/options.ts';
import type { PiecePool } from '../core/piece-pool.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import {
  INVALID_RECORD_OPTIONS,
  type InvalidRecordOptions,
  type InvalidRecordPolicy,
  invalidRecordPolicy,
} from './admit.ts';
import { BlockBuilder, Failed, Made, type Result, rangeOf } from './block-builder.ts';
import { Gate } from './gate.ts';
import { type Outputs, refuseBytes, Stage } from './stage.ts';

export interface RecordStageOptions extends InvalidRecordOptions {
  /** Records that an asynchronous function works on at once, 1 to 1,000. The results keep the order of the source. @default 1 */
  readonly concurrency?: number;
  /** Memory to which blocks are given back when their records have become others. @default none */
  readonly pool?: PiecePool | undefined;
  /** Asked at the end of the input: whether more was to come, so that nothing is made of the end. @default false */
  readonly isCut?: (() => boolean) | undefined;
}

const STAGE_OPTIONS: OptionNames<RecordStageOptions> = {
  ...INVALID_RECORD_OPTIONS,
  concurrency: true,
  pool: true,
  isCut: true,
};

/** A function that a record stage runs: it throws when it cannot take the record. */
export interface RecordFunction<In, Out> {
  /** The code of the error when the function throws. */
  readonly code: ErrorCode;
  /** Every record passes as it is, or the function throws: so the bytes of the records need not be given up. */
  readonly keepsRecords?: boolean;
  /** Gives the record that it becomes, or what else was made of it. */
  apply(record: In): Result<Out> | Promise<Result<Out>>;
  /** Records that only the end of the input brings. */
  flush?(): Result<Out> | Promise<Result<Out>>;
}

/** Runs a function over the records of each block, in order, and counts what becomes of them. */
export class RecordStage<In, Out> extends Stage<RecordBlock<In> | In, RecordBlock<Out>> {
  readonly #run: RecordFunction<In, Out>;
  readonly #policy: InvalidRecordPolicy;
  readonly #pool: PiecePool | undefined;
  readonly #isCut: () => boolean;
  readonly #concurrency: number;
  readonly #gate: Gate;
  /** Records that were taken in and whose outputs have not been given out. */
  #inFlight = 0;
  #blocksInFlight = 0;
  #given: Promise<void> = Promise.resolve();
  #plainRead = 0;
  #blocksRead = 0;
  /** Number of the block, from 0, in which a record has ended the run. Nothing behind that record is begun. */
  #lastBlockNumber = Number.POSITIVE_INFINITY;
  /** All that is wanted has been dealt with. */
  #isOver = false;
  #lastBlock: RecordBlock<In> | undefined;

  constructor(run: RecordFunction<In, Out>, options: RecordStageOptions) {
    const owner = run.code === 'INVALID_RECORD' ? 'validate' : 'transform';
    knownOptions(owner, options, STAGE_OPTIONS);
    const { concurrency = 1, pool, isCut = () => false } = options;
    integerBetween('concurrency', concurrency, 1, 1_000);
    const policy = invalidRecordPolicy(options);
    super();
    refuseBytes(this);
    this.#run = run;
    this.#policy = policy;
    this.#pool = pool;
    this.#isCut = isCut;
    this.#concurrency = concurrency;
    this.#gate = new Gate(concurrency);
  }

  override _write(
    item: RecordBlock<In> | In,
    _encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    this.#take(isRecordBlock(item) ? (item as RecordBlock<In>) : this.#blockOf(item), callback);
  }

  /** What has not been given out is not wanted any more. */
  override endEarly(): void {
    this.#isOver = true;
    super.endEarly();
  }

  /** Some records at a time, of which no more is made than fits into memory: each may become many. */
  #take(block: RecordBlock<In>, callback: (error?: Error | null) => void): void {
    const isSmall = block.count <= MOST_TAKEN || this.#run.keepsRecords;
    const [part, rest] = isSmall ? [block] : block.cut(MOST_TAKEN);
    this.#takeAll(part, this.#takingRest(rest, callback));
  }

  #takeAll(block: RecordBlock<In>, callback: (error?: Error | null) => void): void {
    if (this.#isOver) {
      this.#leaveUnread(block, 0);
      callback();
      return;
    }
    this.#lastBlock = block;
    let results: BlockBuilder<In, Out> | Promise<BlockBuilder<In, Out>>;
    try {
      results = this.#applyAll(block, this.#blocksRead++);
    } catch (error) {
      callback(error as Error);
      return;
    }
    if (results instanceof BlockBuilder && this.#blocksInFlight === 0) this.#giveNow(results, callback);
    else this.#giveLater(block, results, callback);
  }

  protected override async *finish(): AsyncGenerator<RecordBlock<Out>, void> {
    await this.#given;
    if (this.#isCut()) return;
    const { source = 'records', end = { source: 0, records: 0 } } = this.#lastBlock ?? {};
    const flushed = await this.#flush(source);
    if (flushed === undefined) return;
    const records = flushed instanceof Made ? flushed.records : [flushed as Out];
    if (records.length === 0) return;
    this.#policy.tally.added += records.length;
    const positions = records.map(() => ({ record: Math.max(end.records, 1) }));
    yield new ObjectBlock({ source, start: end, end, records, positions });
  }

  async #flush(source: string): Promise<Result<Out> | undefined> {
    try {
      return await this.#run.flush?.();
    } catch (cause) {
      const message = `The end of the input could not be dealt with: ${messageOf(cause)}`;
      throw new PipelineError({ code: this.#run.code, message, cause, source });
    }
  }

  /** What was made of all records, at once when the function is synchronous. */
  #applyAll(block: RecordBlock<In>, number: number): BlockBuilder<In, Out> | Promise<BlockBuilder<In, Out>> {
    const builder = new BlockBuilder<In, Out>(block);
    const { records } = block;
    if (this.#blocksInFlight > 0) return this.#applyEach(builder, number);
    for (let i = 0; i < records.length && !builder.isLast && builder.size < MOST_MADE; i++) {
      const result = this.#applyOne(records[i]!);
      if (result instanceof Promise) return this.#applyEach(builder, number, result);
      if (result instanceof Failed && this.#isFatal) throw this.#failure(block, i, result.error);
      builder.add(result);
    }
    return builder;
  }

  #applyOne(record: In): Result<Out> | Promise<Result<Out>> {
    try {
      return this.#run.apply(record);
    } catch (error) {
      return new Failed(error);
    }
  }

  /** The asynchronous way: up to `concurrency` records at once, counted over all blocks. */
  async #applyEach(
    builder: BlockBuilder<In, Out>,
    number: number,
    started?: Promise<Result<Out>>,
  ): Promise<BlockBuilder<In, Out>> {
    const { records } = builder.block;
    const results: Promise<Result<Out>>[] = [];
    for (let i = builder.taken; i < records.length; i++) {
      const isStarted = started !== undefined && results.length === 0;
      await this.#gate.enter();
      if (!isStarted && (this.destroyed || number >= this.#lastBlockNumber)) {
        this.#gate.leave();
        break;
      }
      results.push(this.#leaving(isStarted ? started : this.#applyOne(records[i]!), number));
    }
    for (const result of await Promise.all(results)) if (!builder.isLast) builder.add(result);
    return builder;
  }

  async #leaving(pending: Result<Out> | Promise<Result<Out>>, number: number): Promise<Result<Out>> {
    let result: Result<Out>;
    try {
      result = await pending;
    } catch (error) {
      result = new Failed(error);
    }
    const isEnd = result instanceof Made ? result.isLast : result instanceof Failed && this.#isFatal;
    if (isEnd) this.#lastBlockNumber = Math.min(this.#lastBlockNumber, number);
    this.#gate.leave();
    return result;
  }

  #giveNow(builder: BlockBuilder<In, Out>, callback: (error?: Error | null) => void): void {
    this.giveAll(() => this.#settle(builder), this.#takingRest(builder.rest, callback));
  }

  /** Holds on to nothing but the rest while what was made is given out. */
  #takingRest(rest: RecordBlock<In> | undefined, callback: (error?: Error | null) => void) {
    if (rest === undefined) return callback;
    return (error?: Error | null) => (error ? callback(error) : this.#take(rest, callback));
  }

  /** After what is in flight. The next item is asked for while there is room for its records. */
  #giveLater(
    block: RecordBlock<In>,
    results: BlockBuilder<In, Out> | Promise<BlockBuilder<In, Out>>,
    callback: (error?: Error | null) => void,
  ): void {
    this.#inFlight += block.count;
    this.#blocksInFlight++;
    this.#given = this.#given.then(async () => {
      const builder = await results;
      if (this.#isOver) this.#leaveUnread(block, 0);
      else for await (const output of this.destroyed ? [] : this.#settle(builder)) await this.give(output);
      this.#inFlight -= block.count;
      this.#blocksInFlight--;
    });
    if (this.#inFlight < this.#concurrency && this.#blocksInFlight < MOST_BLOCKS) callback();
    else this.#given.then(() => callback(), callback);
    this.#given.catch((error: unknown) => this.destroy(error as Error));
  }

  /** Counts what became of each record and gives out the outputs; throws or sets aside what failed. */
  #settle(builder: BlockBuilder<In, Out>): Outputs<RecordBlock<Out>> {
    if (builder.failures !== undefined) return this.#setAsideFailed(builder);
    this.#count(builder);
    return this.#outputsOf(builder);
  }

  async *#setAsideFailed(builder: BlockBuilder<In, Out>): AsyncGenerator<RecordBlock<Out>, void> {
    const { block } = builder;
    const { letters, tally } = this.#policy;
    for (const [index, error] of builder.failures ?? []) {
      const failure = this.#failure(block, index, error);
      if (letters === undefined) throw failure;
      await letters.add(letterOf(block, index, { code: failure.code, reason: failure.message }));
      tally.deadLettered++;
      tally.settleWhole(rangeOf(block, index, index + 1));
    }
    this.#count(builder);
    yield* this.#outputsOf(builder);
  }

  #count(builder: BlockBuilder<In, Out>): void {
    builder.countInto(this.#policy.tally);
    if (!builder.isLast) return;
    this.#leaveUnread(builder.block, builder.taken);
    this.endEarly();
  }

  #outputsOf(builder: BlockBuilder<In, Out>): Iterable<RecordBlock<Out>> {
    if (this.#run.keepsRecords)
      return builder.kept() as Iterable<RecordBlock<unknown>> as Iterable<RecordBlock<Out>>;
    const made = builder.made();
    builder.block.forget();
    this.#pool?.giveBack(builder.takenBlock as RecordBlock);
    return [made];
  }

  /** The first record that fails ends the run. */
  get #isFatal(): boolean {
    return this.#policy.letters === undefined;
  }

  #failure(block: RecordBlock<In>, index: number, cause: unknown): PipelineError {
    this.#policy.tally.invalid++;
    const { source } = block;
    const position = block.position(index);
    return new PipelineError({ code: this.#run.code, message: messageOf(cause), cause, source, position });
  }

  /** What is behind the record that ended the run was never looked at: it does not count as read. */
  #leaveUnread(block: RecordBlock<In>, from: number): void {
    if (from === 0) this.#policy.tally.unsee(block, block.count);
    else if (from < block.count) this.#policy.tally.unsee(block.slice(from, block.count), block.count - from);
  }

  #blockOf(record: In): RecordBlock<In> {
    const start = { source: 0, records: this.#plainRead };
    const end = { source: 0, records: ++this.#plainRead };
    this.#policy.tally.read++;
    this.#policy.tally.seeRecord('records', 0, end.records);
    return new ObjectBlock({ source: 'records', start, end, records: [record] });
  }
}

/** Records that a function is given at once, and that it may have made of them before they are given out. */
const MOST_TAKEN = 1_000;
const MOST_MADE = 10_000;

/** Also of blocks without records, of which any number fit into the bound. */
const MOST_BLOCKS = 1_000;
