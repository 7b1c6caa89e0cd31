import { FinishedRanges } from '../checkpoint/finished-ranges.ts';
import type { Checkpoint, CheckpointStore, Fingerprint, RecordRange } from '../core/checkpoint.ts';
import type { Chunk, SourceRange } from '../core/chunk.ts';
import { PipelineError } from '../core/errors.ts';
import { toSink } from '../core/function-sink.ts';
import type { Cursor } from '../core/position.ts';
import type { ResumeContext, Sink } from '../core/sink.ts';
import type { BatchProcessorOptions } from './batch-options.ts';
import { pipelineHashOf, runNameOf } from './run-name.ts';

/** Milliseconds between two commits of a sink that goes back to the last one: a commit waits for the disk. */
const COMMIT_EVERY_MS = 1_000;

/** Tells what the inputs are, taken at a cursor. */
export type Fingerprinting = (cursor: Cursor) => Promise<readonly Fingerprint[]>;

/** What does not change from the beginning to the end. */
interface Terms {
  readonly pipeline: string;
  readonly note: string | undefined;
  readonly allowGrowth: boolean;
}

/**
 * What a run knows of the one before it, and notes for the one after it. Where the sink has a ledger, the chunks note
 * themselves; a sink that commits is committed now and then; for all others each chunk is noted when it is written.
 */
export class Resumption {
  readonly #store: CheckpointStore;
  readonly #run: string;
  readonly #terms: Terms;
  readonly #sink: Sink<never>;
  readonly #deadLettered: () => number;
  #earlier: Checkpoint | undefined;
  #ranges = new FinishedRanges();
  #fingerprinting: Fingerprinting | undefined;
  #sinkState: unknown;
  /** There are parts of a chunk that are not saved. */
  #isAhead = false;
  #committedAt = performance.now();

  /**
   * Takes the run for this process, and looks at what an earlier one has noted.
   * @throws PipelineError when another process has it, or going on would be a guess
   */
  static async begin<In, Out>(
    options: BatchProcessorOptions<In, Out>,
    deadLettered: () => number,
  ): Promise<Resumption | undefined> {
    if (options.checkpoint === undefined) return undefined;
    const sink = toSink(options.sink);
    const {
      store = sink.ledger!,
      run = runNameOf(options.source, sink.name),
      note,
      allowGrowth = false,
    } = options.checkpoint;
    const terms = { pipeline: pipelineHashOf(options), note, allowGrowth };
    const resumption = new Resumption(store, run, terms, sink as Sink<never>, deadLettered);
    await store.open?.(run);
    try {
      if (options.checkpoint.restart === true) await forget(store, run);
      await resumption.#look();
      return resumption;
    } catch (error) {
      await resumption.end();
      throw error;
    }
  }

  constructor(
    store: CheckpointStore,
    run: string,
    terms: Terms,
    sink: Sink<never>,
    deadLettered: () => number,
  ) {
    this.#store = store;
    this.#run = run;
    this.#terms = terms;
    this.#sink = sink;
    this.#deadLettered = deadLettered;
  }

  /** When the run was finished, if it was: in ISO 8601, or `earlier` where that is not known. */
  get finishedAt(): string | undefined {
    if (this.#terms.allowGrowth) return undefined;
    return this.#earlier?.state === 'finished' ? (this.#earlier.savedAt ?? 'earlier') : undefined;
  }

  /** Everything before it is done. */
  get from(): Cursor | undefined {
    return this.#earlier?.cursor;
  }

  /** What is done beyond. */
  get finished(): readonly RecordRange[] {
    return this.#earlier?.finished ?? [];
  }

  /** What the inputs were. */
  get fingerprints(): readonly Fingerprint[] | undefined {
    return this.#earlier?.sources;
  }

  /** What the sink is told when it is opened. */
  get context(): ResumeContext {
    const { sink: state } = this.#earlier ?? {};
    return { isContinued: this.#earlier !== undefined, ...(state !== undefined && { state }) };
  }

  /** Whether chunks must be written one after another: the sink commits between two of them. */
  get isSequential(): boolean {
    return this.#sink.commit !== undefined;
  }

  fingerprintWith(fingerprinting: Fingerprinting): void {
    this.#fingerprinting = fingerprinting;
  }

  /** Notes a chunk, which may have overtaken others, as safe. */
  async taken(chunk: Chunk): Promise<void> {
    this.#ranges.add(chunk);
    if (this.#sink.commit === undefined) return this.#save('running');
    if (performance.now() - this.#committedAt >= COMMIT_EVERY_MS) await this.#commit();
  }

  /** Notes records as safe whose chunk is not. */
  partTaken(part: SourceRange): void {
    this.#ranges.addPart(part);
    this.#isAhead = true;
  }

  /** Called when no further chunk comes, before the sink is closed. */
  async suspend(): Promise<void> {
    if (this.#sink.commit !== undefined) await this.#commit();
    else if (this.#isAhead) await this.#save('running');
  }

  /** Notes that all is done. */
  finish(): Promise<void> {
    return this.#save('finished');
  }

  /** Lets others have the run. */
  async end(): Promise<void> {
    await this.#store.close?.(this.#run);
  }

  async #look(): Promise<void> {
    this.#earlier = await this.#store.load(this.#run);
    const { pipeline = this.#terms.pipeline } = this.#earlier ?? {};
    if (pipeline !== this.#terms.pipeline)
      throw new PipelineError({
        code: 'CHECKPOINT_MISMATCH',
        message: 'The run has begun with other functions or options, and cannot go on with these',
      });
    this.#ranges = new FinishedRanges(this.#earlier);
    this.#sinkState = this.#earlier?.sink;
    if (this.#earlier === undefined) await this.#save('running');
  }

  async #commit(): Promise<void> {
    this.#sinkState = await this.#sink.commit?.();
    this.#committedAt = performance.now();
    await this.#save('running');
  }

  async #save(state: 'running' | 'finished'): Promise<void> {
    const behind = this.#ranges.cursor;
    const sources = behind === undefined ? undefined : await this.#fingerprinting?.(behind);
    // what is saved must not be older than what was saved before: nothing is awaited from here on
    this.#isAhead = false;
    const { cursor, finished } = this.#ranges;
    await this.#store.save(this.#run, {
      ...(cursor !== undefined && { cursor }),
      ...(finished.length > 0 && { finished }),
      pipeline: this.#terms.pipeline,
      ...(sources !== undefined && { sources }),
      ...(this.#terms.note !== undefined && { note: this.#terms.note }),
      ...(this.#sinkState !== undefined && { sink: this.#sinkState }),
      deadLettered: (this.#earlier?.deadLettered ?? 0) + this.#deadLettered(),
      state,
      savedAt: new Date().toISOString(),
    });
  }
}

async function forget(store: CheckpointStore, run: string): Promise<void> {
  if (store.reset !== undefined) await store.reset(run);
  else await store.save(run, {});
}
