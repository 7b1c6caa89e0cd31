import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { type Summary, summaryOf } from '../../src/pipeline/summary.ts';
import { randomFrom } from '../../src/testing/random.ts';
import { inVirtualTime } from './virtual-time.ts';
import { expectedRows, orderOf, type Row, type Scenario, scenarioOf, transformOf, World } from './world.ts';

/** What came of one simulated job. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly world: World;
  /** Of each run; none of one that crashed. */
  readonly summaries: readonly Summary[];
  /** Everything that is wrong with it. */
  readonly wrongs: readonly string[];
}

/** Runs that may fail for a passing reason before the job is given up. */
const MOST_RUNS = 40;

/** Runs one job to its end, over all its mishaps, in virtual time. */
export async function simulate(seed: number): Promise<Outcome> {
  const scenario = scenarioOf(seed);
  const world = new World(scenario);
  const summaries: Summary[] = [];
  const wrongs: string[] = [];
  let crashes = 0;
  for (let run = 0; run < MOST_RUNS && !world.isFinished; run++) {
    const mishap = scenario.mishaps[run];
    const toldBefore = world.told;
    const ended = await runOnce(world, mishap);
    if (ended === 'crashed') {
      crashes++;
      world.sometimes.add('a run crashes');
      continue;
    }
    summaries.push(ended.summary);
    wrongs.push(...world.brake.wrongs);
    wrongs.push(...wrongsOf(ended.summary, ended.error));
    if (ended.summary.possibleDuplicates !== world.told - toldBefore)
      wrongs.push('a summary counts other duplicates than were told');
    noteOutcome(world, ended, run);
    if (ended.error !== undefined && isForGood(ended.error, scenario))
      return { scenario, world, summaries, wrongs };
  }
  if (world.isFinished) wrongs.push(...lossesIn(world, summaries, crashes));
  return { scenario, world, summaries, wrongs };
}

interface Ended {
  readonly summary: Summary;
  readonly error: unknown;
}

async function runOnce(
  world: World,
  mishap: Scenario['mishaps'][number] | undefined,
): Promise<Ended | 'crashed'> {
  const { seed, batchSize, concurrency, maxRetries, retryBudget, hasLetters } = world.scenario;
  const aborting = new AbortController();
  const transform = transformOf(world.scenario);
  const processor = new BatchProcessor<Row, Row>({
    source: world.source(mishap?.kind === 'cut'),
    format: 'ndjson',
    sink: world.sink(),
    batchSize,
    concurrency,
    orderBy: orderOf(world.scenario),
    onProgress: ({ concurrency: lanes = 1, batchSize: size = 1_000 }) => {
      if (concurrency === 'adaptive' && lanes > 1) world.sometimes.add('a sink bears more chunks at once');
      if (size < 1_000) world.sometimes.add('chunks become smaller');
    },
    ...(transform !== undefined && { transform, transformConcurrency: 5 }),
    retry: {
      maxRetries,
      retryBudget,
      random: randomFrom(seed),
      onPause: (event) => world.brake.paused(event),
      onRetry: ({ possibleDuplicates }) => {
        world.told += possibleDuplicates;
      },
    },
    ...(hasLetters && { deadLetters: world.deadLetters(), onInvalid: 'dead-letter' }),
    checkpoint: { store: world.checkpoint(), run: 'simulated' },
    signal: aborting.signal,
  });
  const ended = processor.run().then(
    (summary): Ended => ({ summary, error: undefined }),
    (error: unknown): Ended => ({ summary: summaryOf(error)!, error }),
  );
  let timer: NodeJS.Timeout | undefined;
  const crashed = new Promise<'crashed'>((resolve) => {
    if (mishap === undefined || mishap.kind === 'cut') return;
    const strike = () => {
      if (mishap.kind === 'stop') processor.stop();
      else if (mishap.kind === 'abort') aborting.abort();
      else {
        if (mishap.kind === 'crash') world.crash();
        else world.cutPower();
        resolve('crashed');
      }
    };
    timer = setTimeout(strike, mishap.after);
    let notes = mishap.kind === 'power cut' ? 1 + (mishap.after % 2) : Infinity;
    world.onNote = () => {
      if (--notes === 0) strike();
    };
  });
  const over = () => {
    clearTimeout(timer);
    world.onNote = undefined;
  };
  return inVirtualTime(Promise.race([ended, crashed]).finally(over));
}

/** Whatever happens, the counts of a run add up. */
function wrongsOf(
  { read, added, written, filtered, deadLettered, unaccounted }: Summary,
  error: unknown,
): string[] {
  const missing = read + added - written - filtered - deadLettered;
  const listed = unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (error === undefined && (missing !== 0 || listed !== 0))
    return [`${missing} records are missing in a good summary`];
  if (missing < 0) return [`a summary says ${-missing} records more than there were`];
  return missing > 0 && listed === 0 ? [`${missing} records are missing, and no gap is listed`] : [];
}

function isForGood(error: unknown, { hasLetters, poison, malformed }: Scenario): boolean {
  const { code } = error as { readonly code?: string };
  if (code === 'MALFORMED_RECORD') return !hasLetters && malformed.size > 0;
  return !hasLetters && poison.size > 0 && code === 'WRITE_FAILED';
}

/** Each row is written once, or set aside once; more often only where that may be. */
function lossesIn(
  { scenario, written, letters, disorder, lanes, chunkRows, takenBack, told }: World,
  summaries: readonly Summary[],
  crashes: number,
): string[] {
  const wrongs: string[] = [];
  const aside = new Set(letters.map(({ position }) => position.record - 1));
  let twice = 0;
  for (const { id, part } of expectedRows(scenario)) {
    const times = written.get(`${id}.${part}`) ?? 0;
    const isPoison = scenario.poison.has(id);
    if (times > 0 && isPoison) wrongs.push(`${id}.${part} was refused, and written`);
    if (times === 0 && !aside.has(id)) wrongs.push(`${id}.${part} is lost`);
    if (aside.has(id) && !isPoison && !scenario.malformed.has(id))
      wrongs.push(`${id} was set aside for nothing`);
    if (times > 1) twice++;
  }
  const expected = new Set(expectedRows(scenario).map(({ id, part }) => `${id}.${part}`));
  for (const key of written.keys()) if (!expected.has(key)) wrongs.push(`${key} came from nowhere`);
  for (const id of scenario.malformed) if (!aside.has(id)) wrongs.push(`the malformed line ${id} is lost`);
  const failures = summaries.length - 1 + crashes;
  // and one chunk that is written, and about to be noted
  const inFlight = failures * (lanes + 1) * chunkRows + takenBack;
  if (twice > told + inFlight)
    wrongs.push(`${twice} rows are written twice, ${told} told and ${inFlight} in flight`);
  if (scenario.isIdempotent && failures === 0 && twice > 0) wrongs.push(`${twice} rows are written twice`);
  for (const { id, part } of disorder) wrongs.push(`${id}.${part} came before an earlier one of its key`);
  return wrongs;
}

function noteOutcome({ sometimes }: World, { summary, error }: Ended, run: number): void {
  const { code, message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
  if (message.includes('retry budget')) sometimes.add('the retry budget is used up');
  if (message.includes('circuit is open')) sometimes.add('the circuit stays open');
  if (error !== undefined) sometimes.add(`a run ends with ${code}`);
  else if (run > 0) sometimes.add('a job is finished by a later run');
  if (summary.retries > 0) sometimes.add('a chunk is retried');
  if (summary.possibleDuplicates > 0) sometimes.add('duplicates are possible, and counted');
  if (summary.filtered > 0) sometimes.add('records are filtered');
  if (summary.added > 0) sometimes.add('records are added');
}
