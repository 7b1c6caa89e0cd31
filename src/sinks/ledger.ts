import { createHash } from 'node:crypto';
import type { Checkpoint, CheckpointProgress, FullCheckpointStore } from '../core/checkpoint.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { readExactJson, writeExactJson } from '../core/exact-json.ts';
import { expectKind } from '../core/options.ts';
import type { Cursor } from '../core/position.ts';
import { isTransient } from '../failures/index.ts';
import { foldNotes, type Note } from './ledger-notes.ts';
import { takeTurns } from './turns.ts';

/** Who may write for a run: a later one has a higher epoch, and whoever has a lower one is refused. */
export interface Claim {
  /** The run, as it is named in the tables. */
  readonly run: string;
  readonly epoch: number;
}

/** What became of the table of a run: its first chunk has found it, or has made it and chosen its columns. */
export type TableOrigin = 'found' | 'made';

/** What the tables hold of a run. */
export interface LedgerEntry {
  /** As it was saved. */
  readonly checkpoint: string | undefined;
  readonly table: TableOrigin | undefined;
  readonly notes: readonly Note[];
}

/** The two tables of a ledger in one kind of database, on a connection of their own. */
export interface LedgerTables {
  /** Locks the run until `disconnect`, and makes the tables. @returns false when another process has the run */
  connect(run: string): Promise<boolean>;
  /** Makes the run the caller's: once it resolves no earlier claim can commit. */
  claim(run: string): Promise<Claim>;
  read(run: string): Promise<LedgerEntry>;
  /** Replaces what was saved, and forgets notes that lie before a cursor. @returns false when the claim is no longer valid */
  save(claim: Claim, checkpoint: string, behind: Cursor | undefined): Promise<boolean>;
  /** Forgets everything of a run but its epoch. */
  forget(run: string): Promise<void>;
  disconnect(): Promise<void>;
}

/** A checkpoint that chunks note themselves in, each in its own transaction. */
export class Ledger implements FullCheckpointStore {
  readonly #tables: LedgerTables;
  readonly #place: string;
  readonly #inTurn = takeTurns();
  #opened: { readonly run: string; readonly claim: Claim } | undefined;
  #table: TableOrigin | undefined;
  #saved: Checkpoint | undefined;
  /** What could not be saved, and can be found again without it. */
  #postponed: Checkpoint | undefined;

  /** @param place for messages */
  constructor(tables: LedgerTables, place: string) {
    this.#tables = tables;
    this.#place = place;
  }

  /** By what a chunk may be written; `undefined` while the ledger is not in use. */
  get claim(): Claim | undefined {
    return this.#opened?.claim;
  }

  /** What became of the table of the run, in this process or an earlier one. */
  get table(): TableOrigin | undefined {
    return this.#table;
  }

  /** Notes in memory what was noted in the tables. */
  set table(origin: TableOrigin | undefined) {
    this.#table = origin;
  }

  async open(run: string): Promise<void> {
    expectKind('run', run, typeof run === 'string' && run !== '', 'the name of a run');
    await this.#doing('opened', async () => {
      if (this.#opened !== undefined) throw this.#locked(run);
      await this.#connect(run);
      try {
        const claim = await this.#tables.claim(keyOf(run));
        this.#table = (await this.#tables.read(keyOf(run))).table;
        this.#opened = { run, claim };
      } catch (error) {
        await this.#tables.disconnect();
        throw error;
      }
    });
  }

  async load(run: string): Promise<Checkpoint | undefined> {
    this.#openedFor(run);
    return this.#doing('read', async () => {
      await this.#flush();
      const { checkpoint, notes } = await this.#tables.read(keyOf(run));
      if (checkpoint === undefined && notes.length === 0) return undefined;
      const { cursor, finished, ...others } = parsed(checkpoint);
      const earlier = {
        ...(cursor !== undefined && { cursor }),
        ...(finished !== undefined && { finished }),
      };
      return { ...others, ...foldNotes(earlier, notes) };
    });
  }

  /** Of a run that was saved before, what cannot be saved for a passing reason may wait: its chunks have noted themselves. */
  async save(run: string, checkpoint: Checkpoint): Promise<void> {
    this.#openedFor(run);
    this.#postponed = checkpoint;
    const mayWait = this.#saved !== undefined && checkpoint.state !== 'finished';
    await this.#doing('saved', () => this.#flush()).catch((error: unknown) => {
      if (!mayWait || !isTransient(error)) throw error;
      this.#postponed ??= checkpoint;
    });
  }

  /** Chunks have noted themselves: only what they do not know is saved. */
  async note(run: string, progress: CheckpointProgress): Promise<void> {
    this.#openedFor(run);
    if (progress.deadLettered === this.#saved?.deadLettered) return;
    await this.save(run, { ...(this.#saved ?? (await this.load(run))), ...progress });
  }

  async reset(run: string): Promise<void> {
    if (this.#opened !== undefined) {
      this.#openedFor(run);
      return this.#doing('reset', () => this.#forget(run));
    }
    await this.#doing('reset', async () => {
      await this.#connect(run);
      try {
        await this.#forget(run);
      } finally {
        await this.#tables.disconnect();
      }
    });
  }

  async close(run: string): Promise<void> {
    if (this.#opened === undefined) return;
    this.#openedFor(run);
    await this.#doing('closed', async () => {
      try {
        await this.#flush();
      } finally {
        this.#opened = undefined;
        this.#saved = undefined;
        this.#table = undefined;
        await this.#tables.disconnect();
      }
    });
  }

  async #connect(run: string): Promise<void> {
    if (!(await this.#tables.connect(keyOf(run)))) throw this.#locked(run);
  }

  #locked(run: string): PipelineError {
    const message = `Another process is writing the run ${JSON.stringify(run)} to ${this.#place}`;
    return new PipelineError({ code: 'CHECKPOINT_LOCKED', message });
  }

  async #flush(): Promise<void> {
    const checkpoint = this.#postponed;
    if (checkpoint === undefined || this.#opened === undefined) return;
    this.#postponed = undefined;
    const { claim } = this.#opened;
    if (!(await this.#tables.save(claim, writeExactJson(checkpoint), checkpoint.cursor)))
      throw fenced(claim, this.#place);
    this.#saved = checkpoint;
  }

  async #forget(run: string): Promise<void> {
    this.#postponed = undefined;
    this.#saved = undefined;
    this.#table = undefined;
    await this.#tables.forget(keyOf(run));
  }

  #openedFor(run: string): void {
    if (this.#opened?.run === run) return;
    const state = this.#opened === undefined ? 'closed' : `open for ${JSON.stringify(this.#opened.run)}`;
    throw new TypeError(
      `The ledger of ${this.#place} must be open for ${JSON.stringify(run)}, but is ${state}`,
    );
  }

  /** One after another, and what fails as a `PipelineError`. */
  #doing<R>(what: string, work: () => Promise<R>): Promise<R> {
    return this.#inTurn(async () => {
      try {
        return await work();
      } catch (cause) {
        if (cause instanceof PipelineError) throw cause;
        const message = `The ledger of ${this.#place} could not be ${what}: ${messageOf(cause)}`;
        throw new PipelineError({ code: 'CHECKPOINT_FAILED', message, cause });
      }
    });
  }
}

/** A later run has raised the epoch. */
export function fenced({ run }: Claim, place: string): PipelineError {
  const message = `A later process has taken over the run ${JSON.stringify(run)}: this one writes nothing more to ${place}`;
  return new PipelineError({ code: 'FENCED', message });
}

const MAX_KEY_BYTES = 255;

/** Any name, as a key that every database can hold. */
function keyOf(run: string): string {
  if (Buffer.byteLength(run) <= MAX_KEY_BYTES && !run.includes('\0') && run.isWellFormed()) return run;
  return `sha256 ${createHash('sha256').update(run).digest('hex')}`;
}

function parsed(checkpoint: string | undefined): Checkpoint {
  return checkpoint === undefined ? {} : (readExactJson(checkpoint) as Checkpoint);
}
