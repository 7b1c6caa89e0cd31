import { CommanderError } from 'commander';
import { errorLines, stackLines } from './error-lines.ts';
import { EXIT } from './exit-codes.ts';
import { createProgram } from './program.ts';

/** Runs the command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.written;
  const program = createProgram((exitCode) => {
    code = exitCode;
  });
  try {
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.written : EXIT.usage;
  }
}

hideSqliteNote();

/** Until the outcome is known it is bad: a process that ends before has done nothing of what it was asked for. */
process.exitCode = EXIT.failed;
const output = watchOutput();
process.on('uncaughtException', (error) => {
  showUnforeseen(error);
  process.exit(EXIT.failed);
});
main(process.argv.slice(2)).then(
  async (code) => end(await output.check(code)),
  (error: unknown) => {
    showUnforeseen(error);
    end(EXIT.failed);
  },
);

/** Node 22 says that node:sqlite is experimental: true, and nothing that people who load a file can act on. */
function hideSqliteNote(): void {
  const emit = process.emitWarning.bind(process) as (...given: readonly unknown[]) => void;
  process.emitWarning = (...given: readonly unknown[]) => {
    if (given[1] === 'ExperimentalWarning' && String(given[0]).startsWith('SQLite')) return;
    emit(...given);
  };
}

/**
 * The readers of stdout and stderr may leave at any time, as `head` does: what is written for them then goes nowhere,
 * and nothing else changes – a sink on stdout notices by itself. Anything else, such as a full disk, is a failure.
 */
function watchOutput() {
  let failure: Error | undefined;
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error;
  });
  return {
    /** The exit code, unless the command went well and what it wrote has not arrived. */
    async check(code: number): Promise<number> {
      await new Promise<void>((done) => process.stdout.write('', () => setImmediate(done)));
      if (failure === undefined || (code !== EXIT.written && code !== EXIT.setAside)) return code;
      const error = new Error(`stdout could not be written: ${failure.message}`);
      process.stderr.write(`${errorLines(error, { command: 'run' }).join('\n')}\n`);
      return EXIT.failed;
    },
  };
}

/** Milliseconds that what is still open (a connection of a transform, stdin) may keep a command that is done. */
const LINGER_MS = 1_000;

function end(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), LINGER_MS).unref();
}

function showUnforeseen(error: unknown): void {
  const isDebug = process.argv.includes('--debug');
  const more = isDebug ? stackLines(error) : ['--debug shows where it arose'];
  process.stderr.write(`${[...errorLines(error, { command: 'run' }), ...more].join('\n')}\n`);
}
