import { writeFileSync } from 'node:fs';
import { messageOf, PipelineError } from '../core/errors.ts';
import { Tally } from '../core/tally.ts';
import { type Progress, progressOf, type Summary, summaryOf } from '../pipeline/summary.ts';
import type { ErrorContext } from './advice.ts';
import { errorLines, stackLines } from './error-lines.ts';
import { EXIT, exitCodeOf, UsageError } from './exit-codes.ts';
import { ProgressDisplay } from './progress/progress-display.ts';
import { modeOf, type ProgressMode } from './progress/progress-mode.ts';
import { interruptedLine, nothingLine, type ReportContext, resumeLine, summaryLines } from './report.ts';
import { mask } from './secrets.ts';
import { type ColorChoice, painter, plain, type Style } from './terminal.ts';

/** The flags that say what people and scripts are told. */
export interface ScreenFlags {
  readonly json?: boolean;
  readonly summary?: string;
  readonly quiet?: boolean;
  readonly progress: ProgressMode | 'auto';
  readonly color: ColorChoice;
  readonly debug?: boolean;
}

/** How a run has failed. */
interface Ending {
  readonly isStopped: boolean;
  /** The same command would not be refused for what this one was. */
  readonly canGoOn: boolean;
}

/** What people see of a run: everything but data goes to stderr, without secrets and control characters. */
export class Screen {
  readonly #flags: ScreenFlags;
  readonly #mode: ProgressMode;
  readonly #paint: ReturnType<typeof painter>;
  readonly #progress: ProgressDisplay;
  #totalBytes: number | undefined;
  #isStdoutTaken = false;

  constructor(flags: ScreenFlags) {
    this.#flags = flags;
    this.#mode = modeOf(flags, process.stderr, process.env);
    this.#paint = painter(process.stderr, flags.color);
    this.#progress = new ProgressDisplay(process.stderr, this.#mode);
  }

  /** @throws UsageError when the summary has nowhere to go */
  keepStdoutForData(): void {
    this.#isStdoutTaken = true;
    if (this.#flags.json && this.#flags.summary === undefined)
      throw new UsageError(
        '--json and the sink - both want stdout: put the summary into a file with --summary FILE',
      );
  }

  note(text: string): void {
    this.#say('dim', text);
  }

  warn(text: string): void {
    this.#say('yellow', text);
  }

  /** Shows that a run is going on, before its source has answered. Programs are told when there is something to tell. */
  begin(): void {
    if (this.#mode !== 'json') this.#progress.update(progressOf(new Tally(), 0));
  }

  progress(progress: Progress): void {
    this.#totalBytes = progress.totalBytes;
    this.#progress.update(progress);
  }

  /** Takes the progress away. */
  end(): void {
    this.#progress.end();
  }

  /** Tells how a run ended well. @returns the exit code */
  finish(summary: Summary, context: ReportContext): number {
    const { deadLettered, deadLetteredBefore = 0, possibleDuplicates } = summary;
    const isAllWritten = deadLettered + deadLetteredBefore + possibleDuplicates === 0;
    const exitCode = isAllWritten ? EXIT.written : EXIT.setAside;
    this.end();
    this.#report('green', summary, context);
    return this.#writeSummary({ ok: true, exitCode, ...summary }) ? exitCode : EXIT.failed;
  }

  /**
   * Tells how a command failed.
   * @param interrupted the exit code of the signal that came, if one did
   * @returns the exit code
   */
  fail(error: unknown, context: ErrorContext & Partial<ReportContext>, interrupted?: number): number {
    this.end();
    const code = error instanceof PipelineError ? error.code : undefined;
    const isGone = code === 'SINK_CLOSED';
    const isStopped = interrupted !== undefined && code === 'ABORTED';
    const exitCode = isGone ? EXIT.written : (interrupted ?? exitCodeOf(error));
    if (!isGone && !isStopped) this.#writeError(error, context);
    const summary = summaryOf(error);
    if (!isGone && summary !== undefined && context.sink !== undefined)
      this.#reportFailed(
        summary,
        { ...context, sink: context.sink },
        {
          isStopped,
          canGoOn: exitCodeOf(error) !== EXIT.checkpoint,
        },
      );
    const about = { ok: false, exitCode, ...(code !== undefined && { code }), message: messageOf(error) };
    return this.#writeSummary({ ...about, ...summary }) ? exitCode : exitCode || EXIT.failed;
  }

  #reportFailed(summary: Summary, context: ReportContext, { isStopped, canGoOn }: Ending): void {
    if (isStopped) this.#say('yellow', interruptedLine(summary, this.#totalBytes));
    if (summary.read > 0) this.#report('dim', summary, context);
    const nothing = nothingLine(summary, context);
    if (nothing !== undefined) this.#say(undefined, nothing);
    const resume = canGoOn ? resumeLine(summary, context) : undefined;
    if (resume !== undefined) this.#say(undefined, resume);
  }

  #report(style: Style, summary: Summary, context: ReportContext): void {
    if (this.#mode === 'json') this.#write(JSON.stringify({ summary }));
    else summaryLines(summary, context).forEach((line, i) => this.#say(i === 0 ? style : undefined, line));
  }

  #writeError(error: unknown, context: ErrorContext): void {
    const [what = '', ...rest] = errorLines(error, context);
    this.#write([this.#paint('red', what), ...rest].join('\n'));
    if (this.#flags.debug) this.#write(stackLines(error).join('\n'));
  }

  #say(style: Style | undefined, text: string): void {
    if (this.#flags.quiet) return;
    const shown = plain(mask(text));
    if (this.#mode === 'json') this.#write(JSON.stringify({ note: shown }));
    else this.#write(style === undefined ? shown : this.#paint(style, shown));
  }

  #write(text: string): void {
    this.#progress.clear();
    process.stderr.write(`${text}\n`);
  }

  /** @returns whether it is where it was wanted */
  #writeSummary(summary: object): boolean {
    const { json, summary: file } = this.#flags;
    const text = `${JSON.stringify(summary, (_key, value: unknown) => (typeof value === 'string' ? mask(value) : value))}\n`;
    if (file === undefined) {
      if (json && !this.#isStdoutTaken) process.stdout.write(text);
      return true;
    }
    try {
      writeFileSync(file, text);
      return true;
    } catch (error) {
      this.#write(this.#paint('red', plain(`The summary could not be written: ${messageOf(error)}`)));
      return false;
    }
  }
}
