import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Checkpoint } from '../core/checkpoint.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { readExactJson } from '../core/exact-json.ts';
import { foldNotes } from '../sinks/ledger-notes.ts';
import { noteOfRow } from '../sinks/ledger-row.ts';
import { createSink } from './create-sink.ts';
import { UsageError } from './exit-codes.ts';
import { namesDatabase, parseSink, type SinkPlace } from './sink-argument.ts';

/** A run of which is noted how far it has come. */
export interface NotedRun {
  readonly run: string;
  readonly checkpoint: Checkpoint;
}

/** A database: its ledger notes how far runs into it have come. */
export type LedgerPlace = Extract<SinkPlace, { readonly kind: 'sqlite' | 'postgres' | 'mariadb' }>;

/**
 * The database that an argument names, as a sink or by the path of its file; `undefined` when it names none.
 * @throws UsageError when it names one that is not there
 */
export async function ledgerPlaceOf(argument: string): Promise<LedgerPlace | undefined> {
  const isNamed = namesDatabase(argument);
  if (!isNamed && !(await isSqliteFile(argument))) return undefined;
  const place = parseSink(isNamed ? argument : `sqlite:${argument}`, '') as LedgerPlace;
  if (place.kind === 'sqlite' && !(await isSqliteFile(place.file)))
    throw new UsageError(`There is no database ${place.file}`); // opened, it would be made
  return place;
}

/** How people are told of it, without credentials. */
export function describeLedger(place: LedgerPlace): string {
  if (place.kind === 'sqlite') return place.file;
  const { host, pathname } = new URL(place.url);
  return `${host}${pathname}`;
}

/**
 * The runs that a ledger notes, in the order in which they were saved, without taking any: one may be going on.
 * @throws PipelineError `CHECKPOINT_FAILED`
 */
export async function readLedger(place: LedgerPlace): Promise<readonly NotedRun[]> {
  try {
    return runsIn(await readTables(place));
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    const message = `The ledger of ${describeLedger(place)} could not be read: ${messageOf(cause)}`;
    throw new PipelineError({ code: 'CHECKPOINT_FAILED', message, cause });
  }
}

/** Forgets how far a run has come; what it has written stays. @throws PipelineError when it is going on */
export async function forgetRun(place: LedgerPlace, run: string): Promise<void> {
  const { ledger } = await createSink(place, {}, undefined);
  await ledger!.reset!(run);
}

const SQLITE_BEGINNING = Buffer.from('SQLite format 3\0');

/** Waits for no pipe. */
async function isSqliteFile(file: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer } = await handle.read(
      Buffer.alloc(SQLITE_BEGINNING.length),
      0,
      SQLITE_BEGINNING.length,
      0,
    );
    return buffer.equals(SQLITE_BEGINNING);
  } catch {
    return false; // a folder, or what cannot be read: whoever opens it says so
  } finally {
    await handle.close();
  }
}

type Row = Readonly<Record<string, unknown>>;

interface Tables {
  readonly notes: readonly Row[];
  readonly runs: readonly Row[];
}

/** Notes come first: those that a save takes away meanwhile are then in what is saved. */
async function readTables(place: LedgerPlace): Promise<Tables> {
  const database = await connect(place);
  try {
    const notes = await database.query('SELECT * FROM chain_reaction_chunk');
    return { notes, runs: await database.query('SELECT run, checkpoint FROM chain_reaction_run') };
  } catch (error) {
    if (!lacksTable(error)) throw error;
    return { notes: [], runs: [] };
  } finally {
    await database.end();
  }
}

interface Connected {
  query(text: string): Promise<readonly Row[]>;
  end(): Promise<void>;
}

async function connect(place: LedgerPlace): Promise<Connected> {
  if (place.kind === 'sqlite') {
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(resolve(place.file)); // an absolute path is never taken for a URI
    return { query: async (text) => db.prepare(text).all(), end: async () => db.close() };
  }
  if (place.kind === 'postgres') {
    const { connectPostgres } = await import('../sinks/postgres-driver.ts');
    const client = await connectPostgres({ connectionString: place.url }, () => {});
    return { query: async (text) => (await client.query(text, [])).rows, end: () => client.end() };
  }
  const { connectMariadb } = await import('../sinks/mariadb-driver.ts');
  const uri = place.url.replace(/^mariadb:/, 'mysql:');
  const { client } = await connectMariadb({ uri }, () => {});
  return { query: async (text) => (await client.query(text))[0] as readonly Row[], end: () => client.end() };
}

/** No run has ever noted anything there. */
function lacksTable(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === '42P01' || code === 'ER_NO_SUCH_TABLE' || messageOf(error).startsWith('no such table');
}

/** What was forgotten has left a row without a checkpoint. */
function runsIn({ notes, runs }: Tables): readonly NotedRun[] {
  return runs
    .map(({ run, checkpoint }) => ({
      run: String(run),
      checkpoint: (typeof checkpoint === 'string' ? readExactJson(checkpoint) : {}) as Checkpoint,
    }))
    .map(({ run, checkpoint }) => {
      const own = notes.filter((note) => String(note['run']) === run).map(noteOfRow);
      return { run, checkpoint: { ...checkpoint, ...foldNotes(checkpoint, own) } };
    })
    .filter(({ checkpoint: { state, cursor } }) => state !== undefined || cursor !== undefined)
    .toSorted((a, b) => compareTexts(a.checkpoint.savedAt ?? '', b.checkpoint.savedAt ?? ''));
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
