import { randomUUID } from 'node:crypto';
import { FinishedRanges } from '../checkpoint/finished-ranges.ts';
import type { Checkpoint, CheckpointProgress, CheckpointStore, RecordRange } from '../core/checkpoint.ts';
import type { Chunk, SourceRange } from '../core/chunk.ts';
import type { DeadLetters } from '../core/dead-letter.ts';
import { PipelineError } from '../core/errors.ts';
import { toSink } from '../core/function-sink.ts';
import type { Cursor } from '../core/position.ts';
import type { ResumeContext, Sink } from '../core/sink.ts';
import type { BatchProcessorOptions, CheckpointOptions } from './batch-options.ts';
import type { Inputs } from './inputs.ts';
import { pipelineHashOf, runNameOf } from './run-name.ts';
import { SavePace } from './save-pace.ts';

/** What does not change from the beginning to the end. */
interface Terms extends CheckpointOptions {
  readonly pipeline: string;
}

/**
 * What a run knows of the one before it, and notes for the one after it. Where the sink has a ledger, the chunks note
 * themselves; a sink that commits is committed now and then; for all others each chunk is noted when it is written, and
 * now and then that is made safe against a power cut.
 */
export class Resumption {
  readonly #store: CheckpointStore;
  readonly #run: string;
  readonly #terms: Terms;
  readonly #sink: Sink<never>;
  readonly #inputs: Inputs;
  readonly #deadLettered: () => number;
  #earlier: Checkpoint | undefined;
  #id: string = randomUUID();
  /** Resolves when the checkpoint has the id of the run. */
  #known: Promise<void> | undefined;
  /** Records that have a dead letter, as far as the place can tell. */
  #lettered: readonly RecordRange[] | undefined;
  #ranges = new FinishedRanges();
  #sinkState: unknown;
  /** What is written is not all saved. */
  #isAhead = false;
  /** When the sink is to commit, or what is noted is made safe against a power cut, which may send it again. */
  readonly #pace: SavePace;
  /** Which source the cursor was in that is safe: a note does not say what the sources are. */
  #savedSource: number | undefined;
  /** What is being saved while the next chunk is written already, or was saved last. */
  #saving: Promise<void> | undefined;
  #isSaving = false;

  /**
   * Takes the run for this process, and looks at what an earlier one has noted.
   * @throws PipelineError when another process has it, or going on would be a guess
   */
  static async begin<In, Out>(
    options: BatchProcessorOptions<In, Out>,
    inputs: Inputs,
    deadLettered: () => number,
  ): Promise<Resumption | undefined> {
    if (options.checkpoint === undefined) return undefined;
    const sink = toSink(options.sink);
    const { store = sink.ledger!, run = runNameOf(options.source, sink.name) } = options.checkpoint;
    const terms = { ...options.checkpoint, pipeline: pipelineHashOf(options) };
    const resumption = new Resumption(store, run, terms, sink as Sink<never>, inputs, deadLettered);
    await store.open?.(run);
    try {
      await resumption.#look();
      if (resumption.finishedAt === undefined) await resumption.#askFor(options.deadLetters);
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
    inputs: Inputs,
    deadLettered: () => number,
  ) {
    this.#store = store;
    this.#run = run;
    this.#terms = terms;
    this.#sink = sink;
    this.#inputs = inputs;
    this.#deadLettered = deadLettered;
    this.#pace = sink.commit === undefined ? new SavePace(0) : new SavePace();
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
    return [...(this.#earlier?.finished ?? []), ...(this.#lettered ?? [])];
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

  /** The place, which is given no letter before the run is known: else nobody could tell which one it was of. */
  around(letters: DeadLetters): DeadLetters {
    const room = letters.room === undefined ? {} : { room: () => letters.room!() };
    const add: DeadLetters['add'] = async (letter) => {
      await (this.#known ??= this.#saveBeginning());
      await letters.add(letter);
    };
    return { add, close: () => letters.close(), ...room };
  }

  /** Notes a chunk, which may have overtaken others, as safe. */
  async taken(chunk: Chunk): Promise<void> {
    this.#ranges.add(chunk);
    this.#isAhead = this.#sink.commit === undefined;
    if (this.#isAhead) await this.#saveMeanwhile();
    else if (this.#pace.isDue) await this.#commit();
  }

  /** Notes records as safe whose chunk is not. */
  partTaken(part: SourceRange): void {
    this.#ranges.addPart(part);
    this.#isAhead = true;
  }

  /**
   * Called when no further chunk comes, before the sink is closed. Where a sink that commits has taken what no range
   * describes, the next run goes back to the last commit.
   */
  async suspend(): Promise<void> {
    await this.#saving;
    if (this.#sink.commit === undefined) {
      if (this.#isAhead) await this.#save('running');
    } else if (this.#ranges.tellAll && !this.#ranges.isEmpty) await this.#commit();
  }

  /** Notes that all is done. */
  async finish(): Promise<void> {
    await this.#saving;
    await this.#save('finished');
  }

  /** Lets others have the run. */
  async end(): Promise<void> {
    await this.#saving?.catch(() => {}); // whoever came after it was told
    await this.#store.close?.(this.#run);
  }

  async #look(): Promise<void> {
    const earlier = await this.#store.load(this.#run);
    if (earlier !== undefined && (await this.#isGoneOnWith(earlier))) this.#goOnWith(earlier);
    else if (earlier !== undefined) await forget(this.#store, this.#run);
    // before the first chunk notes itself
    if (this.#earlier === undefined && this.#store === this.#sink.ledger) await this.#save('running');
  }

  /** @throws PipelineError when it must not be gone on with, and must not be forgotten */
  async #isGoneOnWith(earlier: Checkpoint): Promise<boolean> {
    const { restart = false, allowGrowth = false, pipeline, note } = this.#terms;
    const isFinished = earlier.state === 'finished';
    if (restart === true || (restart === 'if-finished' && isFinished)) return false;
    const isSamePipeline = (earlier.pipeline ?? pipeline) === pipeline;
    const inputs = await this.#inputs.compare(earlier.sources);
    const isOutdated = !isSamePipeline || inputs.kind !== 'same' || earlier.note !== note;
    if (restart === 'if-outdated' && isFinished && isOutdated) return false;
    if (!isSamePipeline) throw new PipelineError({ code: 'CHECKPOINT_MISMATCH', message: OTHER_PIPELINE });
    if (inputs.kind === 'changed' || (inputs.kind === 'grown' && !allowGrowth))
      throw new PipelineError({ code: 'INPUT_CHANGED', message: inputs.reason! });
    return true;
  }

  #goOnWith(earlier: Checkpoint): void {
    this.#earlier = earlier;
    const { sources: prints = [], cursor } = earlier;
    this.#inputs.goOn({ prints, cursor, allowGrowth: this.#terms.allowGrowth ?? false });
    this.#ranges = new FinishedRanges(earlier);
    this.#sinkState = earlier.sink;
    if (earlier.id === undefined) return;
    this.#id = earlier.id;
    this.#known = Promise.resolve();
  }

  /** Leaves out what has a letter already, also when there was no time to note that. */
  async #askFor(letters: DeadLetters | undefined): Promise<void> {
    const isContinued = this.#earlier !== undefined;
    this.#lettered = await letters?.open?.({ run: this.#run, id: this.#id, isContinued });
    const { cursor } = this.#ranges;
    this.#ranges = new FinishedRanges({ finished: this.finished, ...(cursor !== undefined && { cursor }) });
  }

  /** What was noted earlier, and the id. */
  #saveBeginning(): Promise<void> {
    const { pipeline, note } = this.#terms;
    const state = { state: 'running', savedAt: new Date().toISOString() } as const;
    const beginning = { pipeline, ...(note !== undefined && { note }), deadLettered: 0 };
    return this.#store.save(this.#run, { ...beginning, ...this.#earlier, id: this.#id, ...state });
  }

  /** Letters of the runs before this one. */
  get letteredBefore(): number {
    if (this.#lettered === undefined) return this.#earlier?.deadLettered ?? 0;
    return this.#lettered.reduce((sum, { from, to }) => sum + Math.max(to - from, 1), 0);
  }

  async #commit(): Promise<void> {
    await this.#pace.time(async () => {
      this.#sinkState = await this.#sink.commit?.();
      await this.#save('running');
    });
  }

  get #isDue(): boolean {
    return this.#pace.isDue || (!this.#isNotable && !this.#isKnownToSink);
  }

  /** What is written again is noticed there. */
  get #isKnownToSink(): boolean {
    return this.#store === this.#sink.ledger || this.#sink.guarantee === 'effectively-once';
  }

  get #isNotable(): boolean {
    return this.#store.note !== undefined && this.#ranges.cursor?.source === this.#savedSource;
  }

  /**
   * Saves or notes while the next chunk is written. No more than one saving is under way, so that a crash repeats at most
   * one chunk more than those that were being written; where the sink notices what comes again, no chunk waits for it,
   * and none that can be noted meanwhile.
   */
  async #saveMeanwhile(): Promise<void> {
    if (this.#isSaving && this.#isKnownToSink) return;
    if (this.#isSaving && this.#isNotable) return this.#store.note!(this.#run, this.#progress);
    const before = this.#saving;
    await before;
    if (this.#saving !== before) return this.#saving; // another chunk's, which says of this one, too
    if (!this.#isDue && (this.#isKnownToSink || !this.#isNotable)) return;
    const saving = this.#isDue
      ? this.#pace.time(() => this.#save('running'))
      : this.#store.note!(this.#run, this.#progress);
    this.#saving = saving;
    this.#isSaving = true;
    void saving.catch(() => {}).finally(() => (this.#isSaving = false)); // whoever comes next is told why it failed
  }

  async #save(state: 'running' | 'finished'): Promise<void> {
    const behind = this.#ranges.cursor;
    const sources = behind === undefined ? undefined : await this.#inputs.at(behind);
    // what is saved must not be older than what was saved before: nothing is awaited from here on
    this.#isAhead = false;
    const saved = this.#store.save(this.#run, {
      id: this.#id,
      ...this.#progress,
      pipeline: this.#terms.pipeline,
      ...(sources !== undefined && { sources }),
      ...(this.#terms.note !== undefined && { note: this.#terms.note }),
      ...(this.#sinkState !== undefined && { sink: this.#sinkState }),
      state,
    });
    this.#known ??= saved;
    await saved;
    this.#savedSource = behind?.source;
  }

  get #progress(): CheckpointProgress {
    const { cursor, finished } = this.#ranges;
    return {
      ...(cursor !== undefined && { cursor }),
      finished,
      deadLettered: this.letteredBefore + this.#deadLettered(),
      savedAt: new Date().toISOString(),
    };
  }
}

const OTHER_PIPELINE = 'The run has begun with other functions or options, and cannot go on with these';

async function forget(store: CheckpointStore, run: string): Promise<void> {
  if (store.reset !== undefined) await store.reset(run);
  else await store.save(run, {});
}
