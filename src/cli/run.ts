import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Sink } from '../core/sink.ts';
import type { BatchProcessorOptions } from '../pipeline/batch-processor.ts';
import type { TransformFunction } from '../streams/transform.ts';
import { noteOf } from './checkpoint-commands.ts';
import { type CheckpointFlags, type CheckpointPlace, checkpointPlace } from './checkpoint-place.ts';
import { chosenColumns } from './chosen-columns.ts';
import { createSink, tellingContinued } from './create-sink.ts';
import { UsageError } from './exit-codes.ts';
import { checkFolder, checkSources, describeSources, sizeOf } from './places.ts';
import { type ReadingFlags, readingOf, sourcesOf } from './reading-flags.ts';
import type { ReportContext } from './report.ts';
import { Screen, type ScreenFlags } from './screen.ts';
import { keepUrlSecrets, mask } from './secrets.ts';
import { refuseSharedFiles } from './shared-files.ts';
import { handleSignals } from './signals.ts';
import { checkSinkFlags, describeSink, parseSink, type SinkFlags, type SinkPlace } from './sink-argument.ts';
import { parseDuration } from './units.ts';
import { type UrlHeaders, urlHeaders } from './url-headers.ts';
import { type WritingFlags, writingOf } from './writing-flags.ts';

/** The flags of `run`, as commander gives them. */
export interface RunFlags extends ReadingFlags, WritingFlags, SinkFlags, CheckpointFlags, ScreenFlags {}

/** Runs sources into a sink. @returns the exit code */
export function run(places: readonly string[], flags: RunFlags): Promise<number> {
  return runAs('run', places, flags);
}

/** Sends dead letters again, each once, and those that have come since when it is run again. @returns the exit code */
export function replay(letters: string, sink: string, flags: RunFlags): Promise<number> {
  return runAs('replay', [letters, sink], { ...flags, format: 'ndjson' });
}

async function runAs(
  command: Context['command'],
  places: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const screen = new Screen(flags);
  const { deadLetters } = flags;
  const context: Context = { command, setsAside: deadLetters !== undefined, deadLetters };
  try {
    const plan = planRun(places, flags, screen);
    context.sink = describeSink(plan.sink);
    context.isAllOrNothing = plan.sink.kind === 'file';
    if (plan.checkpoint.kind !== 'off')
      context.notedIn = plan.checkpoint.kind === 'file' ? plan.checkpoint.file : context.sink;
    announce(plan, context.sink, screen);
    if (flags.restart === true && sizeOf(deadLetters ?? '') !== undefined)
      screen.note(`${deadLetters} keeps the letters it has; those of this run come behind them`);
    return await runPlan(plan, flags, screen, context);
  } catch (error) {
    return screen.fail(error, context);
  }
}

/** What is known of the run: more and more. */
interface Context extends Partial<ReportContext> {
  readonly command: 'run' | 'replay';
  readonly setsAside: boolean;
  readonly deadLetters?: string | undefined;
  format?: string;
  sink?: string;
  isAllOrNothing?: boolean;
  notedIn?: string;
  isContinued?: boolean;
}

interface RunPlan {
  readonly sources: readonly string[];
  readonly sink: SinkPlace;
  readonly headers: UrlHeaders;
  readonly reading: ReturnType<typeof readingOf>;
  readonly writing: ReturnType<typeof writingOf>;
  readonly checkpoint: CheckpointPlace;
  readonly graceMs: number;
}

/** All that can be said to be wrong before anything is loaded or opened. */
function planRun(places: readonly string[], flags: RunFlags, screen: Screen): RunPlan {
  for (const place of places)
    if (keepUrlSecrets(place))
      screen.warn(
        'What is secret in a URL shows in the list of processes; --header-env Name=VARIABLE does not',
      );
  const sources = places.slice(0, -1);
  const last = places.at(-1);
  const [first] = sources;
  if (last === '-') screen.keepStdoutForData();
  const headers = urlHeaders(flags, sources, last, process.env, (text) => screen.warn(text));
  if (first === undefined || last === undefined)
    throw new UsageError('run needs at least one source and, last, a sink: chain-reaction run SOURCE… SINK');
  const sink = parseSink(last, first);
  checkSinkFlags(sink, flags);
  checkSources(sources, process.stdin);
  checkFolder('--dead-letters', flags.deadLetters);
  checkFolder('--summary', flags.summary);
  const checkpoint = checkpointPlace(flags, sources, sink);
  refuseSharedFiles({ sources, sink, checkpoint, flags });
  return {
    sources,
    sink,
    headers,
    reading: readingOf(flags),
    writing: writingOf(flags),
    checkpoint,
    graceMs: flags.grace === undefined ? GRACE_MS : parseDuration('--grace', flags.grace),
  };
}

const GRACE_MS = 30_000;

/** Something on the screen at once, before what takes time to load. */
function announce({ sources, sink }: RunPlan, name: string, screen: Screen): void {
  screen.note(`Reading ${describeSources(sources)} into ${name}`);
  if ('isTableDerived' in sink && sink.isTableDerived)
    screen.note('The table is named after the source; name another with ?table=NAME behind the sink');
}

async function runPlan(plan: RunPlan, flags: RunFlags, screen: Screen, context: Context): Promise<number> {
  const { sources, sink, headers, reading, writing, graceMs } = plan;
  const { BatchProcessor } = await import('../pipeline/batch-processor.ts');
  const stopping = new AbortController();
  const options: BatchProcessorOptions = {
    ...reading,
    ...writing,
    ...(await moduleOptions(flags, context.command)),
    ...(await checkpointOptions(plan, flags, context.command)),
    source: sourcesOf(sources, {
      ...(headers.source !== undefined && { headers: headers.source }),
      ...(writing.retry.maxRetries !== undefined && { maxRetries: writing.retry.maxRetries }),
      onRetry: ({ retry, delayMs, why }) =>
        screen.note(`Source: retry ${retry} in ${showWait(delayMs)} (${why})`),
    }),
    sink: tellingContinued(await sinkOf(plan, flags, screen), () => {
      context.isContinued = true;
    }),
    signal: stopping.signal,
    graceMs: 0,
    retry: {
      ...writing.retry,
      onRetry: ({ retry, delayMs, failure, chunk }) =>
        screen.note(`Chunk ${chunk.index + 1}: retry ${retry} in ${showWait(delayMs)} (${failure.why})`),
    },
    onSource: ({ source, format, compression }: SourceNote) => {
      context.format = format;
      screen.note(`${source} is ${format}${isCompressed(compression) ? `, ${compression}` : ''}`);
    },
    onProgress: (progress) => screen.progress(progress),
  };
  const processor = new BatchProcessor(options);
  const signals = handleSignals({
    stop: () => processor.stop(),
    abort: () => stopping.abort(new Error('The grace period is over')),
    graceMs,
    note: (text) => screen.note(text),
  });
  const release = onStandstill((reason) => stopping.abort(reason));
  screen.begin();
  try {
    const summary = await processor.run();
    return screen.finish(summary, { sink: context.sink ?? sink.kind, deadLetters: context.deadLetters });
  } catch (error) {
    return screen.fail(error, context, signals.interrupted());
  } finally {
    release();
    signals.release();
  }
}

async function sinkOf({ sink, headers }: RunPlan, flags: RunFlags, screen: Screen): Promise<Sink> {
  const created = await createSink(sink, flags, headers.sink);
  if (flags.columns === undefined) return created;
  const { tellingAbsent } = await import('./absent-columns.ts');
  return tellingAbsent(created, chosenColumns(flags.columns), (text) => screen.warn(text));
}

const showWait = (ms: number) => `${Math.round(ms / 100) / 10} s`;

interface SourceNote {
  readonly source: string;
  readonly format: string;
  readonly compression?: string;
}

function isCompressed(compression: string | undefined): boolean {
  return compression !== undefined && compression !== 'none';
}

/** What needs a module of its own. */
async function moduleOptions(
  { transform, deadLetters }: RunFlags,
  command: Context['command'],
): Promise<Partial<BatchProcessorOptions>> {
  const unwrap = command === 'replay' ? [await unwrapping(transform !== undefined)] : [];
  const own =
    transform === undefined ? [] : await (await import('./transform-module.ts')).loadTransform(transform);
  const functions = [...unwrap, ...own] as readonly TransformFunction<never, unknown>[];
  return {
    ...(functions.length > 0 && { transform: functions }),
    ...(deadLetters !== undefined && {
      onInvalid: 'dead-letter',
      deadLetters: (await import('../sinks/dead-letter-file.ts')).deadLetterFile(deadLetters),
    }),
  };
}

/** @param isMended whether a transform comes behind it */
async function unwrapping(isMended: boolean) {
  const { recordOfLetter, wholeRecordOfLetter } = await import('../formats/record-of-letter.ts');
  return isMended ? recordOfLetter : wholeRecordOfLetter;
}

async function checkpointOptions(
  { checkpoint: place, sink }: RunPlan,
  flags: RunFlags,
  command: Context['command'],
): Promise<Partial<BatchProcessorOptions>> {
  if (place.kind === 'off') return {};
  const { restart, ifExists } = flags;
  const { fileCheckpoint } = await import('../checkpoint/file-checkpoint.ts');
  // what is to be replaced, or is gone, is made again
  const isWanted = ifExists === 'replace' || (sink.kind === 'file' && !existsSync(sink.file));
  return {
    checkpoint: {
      ...(place.kind === 'file' && { store: fileCheckpoint(place.file) }),
      restart: restart ?? (isWanted ? 'if-finished' : sink.kind === 'file' && 'if-outdated'),
      version: await versionOf(flags),
      allowGrowth: flags.allowGrowth === true || command === 'replay',
      note: noteOf(process.argv.slice(2).map(mask), process.cwd()),
    },
  };
}

/** Whatever decides which records are written, and how. */
async function versionOf(flags: RunFlags): Promise<string> {
  const { transform, to, columns, key, escapeFormulas, method, body } = flags;
  const module = transform === undefined ? '' : await readFile(transform, 'utf8');
  return JSON.stringify({ to, columns, key, escapeFormulas, method, body, module });
}

/** Node ends a process that waits for nothing, with exit code 0, however much of the run is still to be done. */
function onStandstill(stop: (reason: Error) => void): () => void {
  const onBeforeExit = () =>
    stop(
      new Error(
        'it came to a standstill: a transform or a sink never answered, and nothing else is left to wait for',
      ),
    );
  process.once('beforeExit', onBeforeExit);
  return () => process.off('beforeExit', onBeforeExit);
}
