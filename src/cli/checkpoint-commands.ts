import { readCheckpointFile } from '../checkpoint/file-checkpoint.ts';
import { fileCheckpoint } from '../checkpoint/index.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { PipelineError } from '../core/errors.ts';
import type { ErrorContext } from './advice.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import {
  describeLedger,
  forgetRun,
  type LedgerPlace,
  ledgerPlaceOf,
  type NotedRun,
  readLedger,
} from './ledger-runs.ts';
import { Screen } from './screen.ts';
import { keepUrlSecrets } from './secrets.ts';
import { type ColorChoice, plain } from './terminal.ts';
import { counted, showBytes } from './units.ts';

/** The flags of `status`, `resume` and `reset`, as commander gives them. */
export interface CheckpointCommandFlags {
  readonly color: ColorChoice;
  readonly debug?: boolean;
}

/**
 * Shows how far a run has come, or each run that a database notes.
 * @param place a checkpoint file, or a database
 * @param name the run that is meant; a database shows all of them without
 * @returns the exit code
 */
export function status(
  place: string,
  name: string | undefined,
  flags: CheckpointCommandFlags,
): Promise<number> {
  return onScreen('status', place, flags, async () => {
    const found = await lookInto(place);
    const isList = found.ledger !== undefined && name === undefined && found.runs.length > 0;
    const runs = isList ? found.runs : [theOne(found, name)];
    const texts = runs.map(({ run, checkpoint }) =>
      found.ledger === undefined
        ? statusText(checkpoint)
        : `run      ${plain(run)}\n${statusText(checkpoint)}`,
    );
    process.stdout.write(texts.join('\n'));
  });
}

/** Runs the command again that has begun a run. @returns its exit code */
export function resume(
  place: string,
  name: string | undefined,
  flags: CheckpointCommandFlags,
): Promise<number> {
  return onScreen('resume', place, flags, async () => {
    const { argv, folder } = commandIn(theOne(await lookInto(place), name).checkpoint);
    if (argv.some((argument) => argument.includes('***')))
      throw new UsageError(`Secrets are not kept: run the command again with its own\n${shown(argv)}`);
    process.chdir(folder);
    const { main } = await import('./main.ts');
    return main(argv);
  });
}

/** Forgets how far a run has come. @returns the exit code */
export function reset(
  place: string,
  name: string | undefined,
  flags: CheckpointCommandFlags,
): Promise<number> {
  return onScreen('reset', place, flags, async () => {
    const found = await lookInto(place).catch(unlessUnreadable);
    if (found?.ledger !== undefined) return forgetRun(found.ledger, theOne(found, name).run);
    // what nobody can read is of any run; the store looks again
    const run = found === undefined ? 'unreadable' : theOne(found, name).run;
    return fileCheckpoint(place).reset(run);
  });
}

/** What a checkpoint says, for people. */
export function statusText({
  state,
  cursor,
  finished,
  deadLettered,
  savedAt,
  sources,
  note,
}: Checkpoint): string {
  const source = sources?.[cursor?.source ?? 0];
  const bytes = cursor?.bytes === undefined ? '' : `, ${showBytes(cursor.bytes)}`;
  const beyond = (finished ?? []).reduce((sum, { from, to }) => sum + to - from, 0);
  const lines = [
    `state    ${state === 'finished' ? 'finished' : 'not finished: the same command goes on'}`,
    `saved    ${savedAt ?? 'at an unknown time'}`,
    ...(source === undefined ? [] : [`source   ${source.name}`]),
    `done     ${counted(cursor?.records ?? 0, 'record')}${bytes}`,
    ...(beyond > 0 ? [`         and ${counted(beyond, 'record')} beyond`] : []),
    ...(deadLettered === undefined || deadLettered === 0 ? [] : [`letters  ${deadLettered}`]),
    ...(note === undefined ? [] : [`command  ${shown(readNote(note).argv)}`]),
  ];
  return `${lines.map(plain).join('\n')}\n`;
}

/** What the command notes with a checkpoint: how it was typed, without secrets, and where. */
export function noteOf(argv: readonly string[], folder: string): string {
  return JSON.stringify({ argv, folder });
}

/** What is noted in a place. */
interface Found {
  readonly runs: readonly NotedRun[];
  /** For messages. */
  readonly where: string;
  /** Where it is a database. */
  readonly ledger?: LedgerPlace;
}

async function lookInto(place: string): Promise<Found> {
  const ledger = await ledgerPlaceOf(place);
  if (ledger !== undefined) return { ledger, runs: await readLedger(ledger), where: describeLedger(ledger) };
  const checkpoint = await readCheckpointFile(place);
  if (checkpoint === undefined) throw new UsageError(`There is no checkpoint ${place}`);
  return { runs: [checkpoint], where: place };
}

/** The run that is meant: the one of that name, or the only one. */
function theOne({ runs, where }: Found, name: string | undefined): NotedRun {
  const [first, second] = name === undefined ? runs : runs.filter(({ run }) => run === name);
  if (first === undefined)
    throw new UsageError(`No run ${name === undefined ? '' : `${name} `}is noted in ${where}`);
  if (second === undefined) return first;
  throw new UsageError(
    `${where} notes ${counted(runs.length, 'run')}: name one behind it, as chain-reaction status lists them`,
  );
}

interface Command {
  readonly argv: readonly string[];
  readonly folder: string;
}

function commandIn({ note }: Checkpoint): Command {
  if (note === undefined)
    throw new UsageError('The checkpoint was not made by this command: resume it as it was begun');
  return readNote(note);
}

function readNote(note: string): Command {
  return JSON.parse(note) as Command;
}

function shown(argv: readonly string[]): string {
  const quoted = argv.map((each) =>
    /^[\w./:=@%+,-]+$/.test(each) ? each : `'${each.replaceAll("'", "'\\''")}'`,
  );
  return ['chain-reaction', ...quoted].join(' ');
}

/** What begins as a checkpoint, and is of no use, may go. What begins otherwise is somebody's file, and stays. */
function unlessUnreadable(error: unknown): undefined {
  const code = error instanceof PipelineError ? error.code : undefined;
  if (code !== 'CHECKPOINT_CORRUPT' && code !== 'CHECKPOINT_NEWER') throw error;
}

async function onScreen(
  command: ErrorContext['command'],
  place: string,
  flags: CheckpointCommandFlags,
  work: () => Promise<number | void>,
): Promise<number> {
  keepUrlSecrets(place);
  const screen = new Screen({ ...flags, progress: 'off' });
  try {
    return (await work()) ?? EXIT.written;
  } catch (error) {
    return screen.fail(error, { command });
  }
}
