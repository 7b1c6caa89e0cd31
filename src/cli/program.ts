import { createRequire } from 'node:module';
import { Command } from 'commander';
import type { CheckpointCommandFlags } from './checkpoint-commands.ts';
import {
  addCheckpointFlags,
  addOutputFlags,
  addReadingFlags,
  addRecordFlags,
  addScreenFlags,
  addWritingFlags,
} from './command-flags.ts';
import type { PreviewFlags } from './preview.ts';
import type { RunFlags } from './run.ts';
import { mask } from './secrets.ts';
import { plain } from './terminal.ts';

const EXAMPLES = `
Examples:
  chain-reaction run orders.json.gz 'sqlite:shop.db?table=orders' --key id
  chain-reaction run https://example.com/export.json orders.csv --path data.items
  chain-reaction run 'logs/*.ndjson' https://api.example.com/logs --batch-size 500 --header-env Authorization=TOKEN
  cat users.csv | chain-reaction run - users.ndjson.zst --dead-letters invalid.ndjson
  chain-reaction run orders.json - --to csv | sort
  chain-reaction preview orders.csv
`;

const EXIT_CODES = `
Exit codes:
  0    all records written (or the reader of stdout has gone away, as head does)
  1    the run failed
  2    wrong usage
  3    finished, but records were set aside as dead letters, or may be written twice
  4    input unreadable, malformed or invalid
  5    the input or the command is not the one of which a part is written already
  6    more records are invalid or refused than --max-invalid allows
  130  interrupted by SIGINT; 143 by SIGTERM
`;

/** The commands and their flags. @param setCode is given the exit code of the command that ran */
export function createProgram(setCode: (code: number) => void): Command {
  const program = new Command('chain-reaction')
    .description(
      'Moves records from files, HTTP and stdin into databases, APIs and files, in chunks, with retries.',
    )
    .version(version(), '-V, --version')
    .addHelpText('beforeAll', EXAMPLES)
    .addHelpText('afterAll', EXIT_CODES)
    .showSuggestionAfterError()
    .showHelpAfterError('See chain-reaction --help')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${usageText(text)}\n`) });
  addRun(program, setCode);
  addReplay(program, setCode);
  addPreview(program, setCode);
  addCheckpointCommands(program, setCode);
  return program;
}

/** What commander says of a wrong command line, without the values in it: any of them may be a secret. */
export function usageText(text: string): string {
  return plain(mask(text.trim()))
    .replace(/^error: /, '')
    .replace(/^(unknown option '[^'=]+)=.*'/, "$1'")
    .replace(/^(too many arguments .* but got \d+):.*$/, '$1');
}

function addRun(program: Command, setCode: (code: number) => void): void {
  const command = program
    .command('run')
    .description('Write the records of one or more sources into a sink (the last argument).')
    .usage('[options] SOURCE… SINK')
    .showHelpAfterError('See chain-reaction run --help')
    .argument(
      '<places...>',
      'SOURCE: a path, glob, URL, or - for stdin; SINK: sqlite:FILE?table=NAME, postgres://… or mariadb://HOST/DATABASE?table=NAME, URL, file, or - for stdout',
    );
  addWritingFlags(command);
  addRecordFlags(command);
  addReadingFlags(command);
  addCheckpointFlags(command);
  addOutputFlags(command);
  addScreenFlags(command).action(async (places: string[], flags: RunFlags) => {
    const { run } = await import('./run.ts');
    setCode(await run(places, flags));
  });
}

function addReplay(program: Command, setCode: (code: number) => void): void {
  const command = program
    .command('replay')
    .description('Send the records of a file of dead letters again; what is done is not sent a second time.')
    .usage('[options] LETTERS SINK')
    .showHelpAfterError('See chain-reaction replay --help')
    .argument('<letters>', 'the file that --dead-letters has named')
    .argument('<sink>', 'as of run');
  addWritingFlags(command);
  addRecordFlags(command);
  addCheckpointFlags(command);
  addOutputFlags(command);
  addScreenFlags(command).action(async (letters: string, sink: string, flags: RunFlags) => {
    const { replay } = await import('./run.ts');
    setCode(await replay(letters, sink, flags));
  });
}

function addPreview(program: Command, setCode: (code: number) => void): void {
  const command = program
    .command('preview')
    .description('Show the format, size, columns and first records of a source.')
    .showHelpAfterError('See chain-reaction preview --help')
    .argument('<source>', 'a path, glob, URL, or - for stdin')
    .option('--records <n>', 'records to show', '5');
  addReadingFlags(command);
  addScreenFlags(command).action(async (place: string, flags: PreviewFlags) => {
    const { preview } = await import('./preview.ts');
    setCode(await preview(place, flags));
  });
}

/** What can be done with the checkpoint of a run. */
function addCheckpointCommands(program: Command, setCode: (code: number) => void): void {
  for (const [name, description] of [
    ['status', 'Show how far the run of a checkpoint has come, or each run that a database notes.'],
    ['resume', 'Go on with the run of a checkpoint, as the same command would.'],
    [
      'reset',
      'Forget how far the run of a checkpoint has come: the next one begins anew. One that is damaged or newer goes as well.',
    ],
  ] as const) {
    const command = program
      .command(name)
      .description(description)
      .showHelpAfterError(`See chain-reaction ${name} --help`)
      .argument(
        '<place>',
        'the checkpoint file, as the run has named it; or the database that the run writes to, which notes that itself: its file, or its address',
      )
      .argument('[run]', 'which run, where a database notes several');
    addScreenFlags(command).action(
      async (place: string, run: string | undefined, flags: CheckpointCommandFlags) => {
        const commands = await import('./checkpoint-commands.ts');
        setCode(await commands[name](place, run, flags));
      },
    );
  }
}

function version(): string {
  const { version: found } = createRequire(import.meta.url)('../../package.json') as {
    readonly version: string;
  };
  return found;
}
