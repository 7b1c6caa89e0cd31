import { readCheckpointFile } from '../checkpoint/file-checkpoint.ts';
import { fileCheckpoint } from '../checkpoint/index.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { Screen } from './screen.ts';
import { type ColorChoice, plain } from './terminal.ts';
import { counted, showBytes } from './units.ts';

/** The flags of `status`, `resume` and `reset`, as commander gives them. */
export interface CheckpointCommandFlags {
  readonly color: ColorChoice;
  readonly debug?: boolean;
}

/** Shows how far a run has come. @returns the exit code */
export function status(file: string, flags: CheckpointCommandFlags): Promise<number> {
  return withCheckpoint(file, flags, async ({ checkpoint }) => {
    process.stdout.write(statusText(checkpoint));
    return EXIT.written;
  });
}

/** Runs the command again that has made a checkpoint. @returns its exit code */
export function resume(file: string, flags: CheckpointCommandFlags): Promise<number> {
  return withCheckpoint(file, flags, async ({ checkpoint }) => {
    const { argv, folder } = commandIn(checkpoint);
    if (argv.some((argument) => argument.includes('***')))
      throw new UsageError(`Secrets are not kept: run the command again with its own\n${shown(argv)}`);
    process.chdir(folder);
    const { main } = await import('./main.ts');
    return main(argv);
  });
}

/** Forgets how far a run has come. @returns the exit code */
export function reset(file: string, flags: CheckpointCommandFlags): Promise<number> {
  return withCheckpoint(file, flags, async ({ run }) => {
    await fileCheckpoint(file).reset(run);
    return EXIT.written;
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

async function withCheckpoint(
  file: string,
  flags: CheckpointCommandFlags,
  work: (found: { readonly run: string; readonly checkpoint: Checkpoint }) => Promise<number>,
): Promise<number> {
  const screen = new Screen({ ...flags, progress: 'off' });
  try {
    const found = await readCheckpointFile(file);
    if (found === undefined) throw new UsageError(`There is no checkpoint ${file}`);
    return await work(found);
  } catch (error) {
    return screen.fail(error, { command: 'run' });
  }
}
