import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Chunk } from '../core/chunk.ts';
import { type Claim, fenced } from './ledger.ts';
import { type Note, notesOf, partlyNoted } from './ledger-notes.ts';

/** The notes of the chunks of a run, each made in the transaction that writes its chunk. */
export class SqliteNotes {
  readonly #claim: Claim;
  readonly #place: string;
  readonly #holds: StatementSync;
  readonly #add: StatementSync;
  readonly #find: StatementSync;

  /** @param place for messages */
  constructor(db: DatabaseSync, claim: Claim, place: string) {
    this.#claim = claim;
    this.#place = place;
    this.#holds = db.prepare('SELECT 1 FROM chain_reaction_run WHERE run = ? AND epoch = ?');
    this.#add = db.prepare(ADD);
    this.#find = db.prepare(FIND);
  }

  /**
   * Notes a chunk, inside a transaction.
   * @returns false when it was noted before
   * @throws PipelineError when a later run has taken over, or only a part of the chunk was noted before
   */
  add(chunk: Chunk): boolean {
    const { run, epoch } = this.#claim;
    // no later run can raise the epoch as long as the transaction lasts
    if (this.#holds.get(run, epoch) === undefined) throw fenced(this.#claim, this.#place);
    const notes = notesOf(chunk);
    const added = notes.filter((note) => this.#addNote(note)).length;
    if (added === notes.length) return true;
    if (added === 0 && notes.every((note) => this.#isThere(note))) return false;
    throw partlyNoted(chunk);
  }

  #addNote({ from, to, end, id }: Note): boolean {
    const { run, epoch } = this.#claim;
    const place = [from.source, from.record, from.made, to.record, to.made] as const;
    return Number(this.#add.run(run, epoch, ...place, id, JSON.stringify(end)).changes) > 0;
  }

  #isThere({ from, to, id }: Note): boolean {
    const place = [from.source, from.record, from.made, to.record, to.made] as const;
    return this.#find.get(this.#claim.run, ...place, id) !== undefined;
  }
}

const ADD = `
  INSERT OR IGNORE INTO chain_reaction_chunk
    (run, epoch, source, from_record, from_made, to_record, to_made, id, end_cursor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const FIND = `
  SELECT 1 FROM chain_reaction_chunk WHERE run = ? AND source = ? AND from_record = ? AND from_made = ?
    AND to_record = ? AND to_made = ? AND id = ?`;
