import { type Command, Option } from 'commander';
import type { OutputFormat } from '../formats/encoders.ts';

/** How records are written. */
export function addWritingFlags(command: Command): void {
  command
    .optionsGroup('Writing:')
    .option('--batch-size <n>', 'records per chunk, 100 to 10,000, or adaptive (default: 1,000)')
    .option(
      '--key <columns>',
      'databases: columns that identify a row; records with the same key are updated',
    )
    .addOption(
      choice(
        '--if-exists <what>',
        'what becomes of a table or file that exists (default: append to a table, replace a file)',
        ['append', 'replace', 'fail'],
      ),
    )
    .addOption(
      choice(
        '--to <format>',
        "format of the output (default: a file's name says it; ndjson on stdout)",
        OUTPUT_FORMATS,
      ),
    )
    .option(
      '--columns <names>',
      'databases, CSV, TSV: columns to write, separated by commas; CSV and TSV also NAME=PATH, such as city=customer.city',
    )
    .option('--max-bytes <size>', 'most bytes of a chunk, such as 20MB')
    .option('--concurrency <n>', 'chunks written at once, 1 to 64, or adaptive (default: 1)')
    .option(
      '--order-by <path>',
      'with --concurrency: records with the same value there are written in their order, such as customer.id',
    )
    .option(
      '--max-retries <n>',
      'retries of a chunk after network, timeout and throttling errors (default: 3)',
    )
    .option(
      '--max-wait <time>',
      'longest time that a chunk waits to be full, such as 2s, for a source that is slow or has no end',
    )
    .option('--timeout <time>', 'longest time of one attempt, such as 30s (default: 60s)')
    .addOption(
      choice(
        '--on-unknown-outcome <what>',
        'what becomes of a chunk that may be written or not, as its answer got lost (default: retry)',
        ['retry', 'fail'],
      ),
    )
    .addOption(choice('--method <method>', 'HTTP method (default: POST)', ['POST', 'PUT', 'PATCH']))
    .addOption(choice('--body <format>', 'HTTP body (default: json)', ['json', 'ndjson']))
    .option(
      '--keys-honoured',
      'HTTP: the server does the work of an Idempotency-Key once, so retries are safe',
    )
    .option('--escape-formulas', 'CSV, TSV: make texts harmless that a spreadsheet would run')
    .option('--sink-header <header>', 'as --header, for the sink only (repeatable)', collect)
    .option('--sink-header-env <pair>', 'as --header-env, for the sink only (repeatable)', collect);
}

const OUTPUT_FORMATS: readonly OutputFormat[] = ['ndjson', 'json', 'csv', 'tsv', 'text'];

/** What becomes of records on the way. */
export function addRecordFlags(command: Command): void {
  command
    .optionsGroup('Records:')
    .option(
      '--transform <file>',
      'module whose default export is a function, or a list of functions, of a record',
    )
    .option('--transform-concurrency <n>', 'records that an async transform works on at once (default: 1)')
    .addOption(
      choice('--on-invalid <what>', 'what to do with malformed and invalid records', ['fail', 'dead-letter']),
    )
    .option(
      '--dead-letters <file>',
      'set malformed and invalid records, and those that the sink refuses, aside in this file, and go on',
    )
    .option(
      '--max-invalid <n>',
      'end the run when more records than that are set aside: a count, or a share of those read such as 1%',
    );
}

/** Going on where an earlier run has stopped. */
export function addCheckpointFlags(command: Command): void {
  command
    .optionsGroup('Going on after an interruption:')
    .option(
      '--checkpoint <file>',
      'where to note how far the run has come, or off (default: beside the output file or the first source)',
    )
    .option('--restart', 'begin anew, whatever an earlier run has done')
    .option(
      '--allow-growth',
      'take what has come behind the end of a source since, also when the run was finished',
    )
    .option('--grace <time>', 'longest time to finish what is being written after Ctrl-C (default: 30s)');
}

const INPUT_FORMATS = ['json', 'ndjson', 'jsonl', 'json-seq', 'csv', 'tsv', 'text'];

/** How sources are read. */
export function addReadingFlags(command: Command): void {
  command
    .optionsGroup('Reading:')
    .addOption(
      choice(
        '--format <name>',
        'format of the sources (default: detected from their names or first 64 KiB)',
        INPUT_FORMATS,
      ),
    )
    .option('--path <path>', 'where in a JSON document the records are, such as data.items')
    .option('--csv-header <names>', 'names of the columns when the input has no header; none for arrays')
    .option('--delimiter <char>', 'CSV delimiter; tab for a tab')
    .option('--cast', 'CSV: read numbers and booleans as such')
    .addOption(
      choice('--numbers <policy>', 'what becomes of integers beyond 2^53 (default: bigint)', [
        'bigint',
        'string',
        'error',
        'lossy',
      ]),
    )
    .option('--max-record-bytes <size>', 'largest record (default: 16MiB)')
    .option('--header <header>', "HTTP header 'Name: value', for URLs of one server (repeatable)", collect)
    .option('--header-env <pair>', 'HTTP header from the environment, Name=VARIABLE (repeatable)', collect)
    .option('--source-header <header>', 'as --header, for sources only (repeatable)', collect)
    .option('--source-header-env <pair>', 'as --header-env, for sources only (repeatable)', collect);
}

/** What is told of a run, and where. */
export function addOutputFlags(command: Command): void {
  command
    .optionsGroup('Output:')
    .option('--json', 'write one summary object to stdout')
    .option('--summary <file>', 'write the summary object to a file')
    .option('--quiet', 'no progress, no notes; errors still show')
    .addOption(
      choice('--progress <mode>', 'how to show progress', ['auto', 'bar', 'log', 'json', 'off']).default(
        'auto',
      ),
    );
}

/** How errors look. */
export function addScreenFlags(command: Command): Command {
  return command
    .addOption(choice('--color <when>', 'colours', ['auto', 'always', 'never']).default('auto'))
    .option('--debug', 'show where in the code an error arose');
}

function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
