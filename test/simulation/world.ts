import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Checkpoint, CheckpointStore } from '../../src/core/checkpoint.ts';
import type { Chunk } from '../../src/core/chunk.ts';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { PartialWriteError, PipelineError } from '../../src/core/errors.ts';
import type { Sink, WriteContext } from '../../src/core/sink.ts';
import type { Source } from '../../src/core/source.ts';
import { HttpError, wait } from '../../src/failures/index.ts';
import { many } from '../../src/streams/transform.ts';
import { type FaultRates, faultySink } from '../../src/testing/index.ts';
import { randomFrom } from '../../src/testing/random.ts';
import { BrakeWatch } from './brake-watch.ts';

export interface Row {
  readonly id: number;
  readonly part: number;
}

/** Everything that chance decides of one simulated job. */
export interface Scenario {
  readonly seed: number;
  readonly records: number;
  readonly pieceBytes: number;
  readonly batchSize: number | 'adaptive';
  readonly concurrency: number | 'adaptive';
  /** Among how many keys the order of records is kept; all of them are of one when it is 1. */
  readonly keys: number | undefined;
  readonly maxRetries: number;
  readonly retryBudget: number | false;
  /** Each of the records that the sink refuses for good. */
  readonly poison: ReadonlySet<number>;
  /** Whether the place of the checkpoint takes notes, which a power cut takes back. */
  readonly hasNotes: boolean;
  /** How the sink speaks of what it refuses. */
  readonly manner: 'silent' | 'partial';
  /** Each of the lines that are no JSON. */
  readonly malformed: ReadonlySet<number>;
  readonly hasLetters: boolean;
  /** Whether the place takes the work of an id once only. */
  readonly isIdempotent: boolean;
  readonly transform: 'none' | 'filter' | 'many' | 'async';
  readonly rates: FaultRates;
  /** What happens to the runs before the last one: after how many milliseconds, a power cut also after a few notes. */
  readonly mishaps: readonly {
    readonly kind: 'stop' | 'abort' | 'crash' | 'power cut' | 'cut';
    readonly after: number;
  }[];
}

export function scenarioOf(seed: number): Scenario {
  const random = randomFrom(seed);
  const below = (end: number) => Math.floor(random() * end);
  const oneOf = <T>(...values: readonly T[]): T => values[below(values.length)]!;
  const chance = (share: number) => random() < share;
  const records = oneOf(0, 1, 99, 100, 101, below(600), below(1_500), 1_000 + below(1_000));
  const some = (share: number) =>
    new Set(Array.from({ length: records }, (_, id) => id).filter(() => chance(share)));
  const rate = () => (chance(0.5) ? random() * 0.3 : 0);
  const isIdempotent = chance(0.5);
  return {
    seed,
    records,
    pieceBytes: oneOf(1_000, 4_096, 100_000),
    batchSize: oneOf<number | 'adaptive'>(100, 100, 137, 250, 'adaptive'),
    concurrency: oneOf<number | 'adaptive'>(1, 2, 3, 4, 'adaptive'),
    keys: chance(0.7) ? undefined : oneOf(1, 7, 100_000),
    maxRetries: below(4),
    poison: chance(0.4) ? some(oneOf(0.002, 0.02, 0.2)) : new Set(),
    manner: oneOf('silent', 'partial'),
    malformed: chance(0.3) ? some(0.01) : new Set(),
    hasLetters: chance(0.75),
    isIdempotent,
    transform: oneOf('none', 'none', 'filter', 'many', 'async'),
    rates: {
      delay: rate(),
      unreachable: rate(),
      throttle: rate(),
      timeOut: rate(),
      cut: rate(),
      applyThenFail: rate(),
      partial: isIdempotent ? 0 : rate(), // who remembers the ids of chunks takes them whole
    },
    mishaps: Array.from({ length: below(4) }, () => ({
      kind: oneOf('stop', 'abort', 'crash', 'power cut', 'cut'),
      after: below(3_000),
    })),
    retryBudget: ([500, 20, false] as const)[below(3)]!,
    hasNotes: chance(0.7),
  };
}

/** Records with the same key are to arrive in their order. */
export function orderOf({ keys }: Scenario) {
  return keys === undefined ? undefined : ({ id }: Row) => ((id * 2_654_435_761) % 2 ** 32) % keys;
}

/** The records that must arrive, as the transform makes them. */
export function expectedRows({ records, transform, malformed }: Scenario): readonly Row[] {
  return Array.from({ length: records }, (_, id) => id)
    .filter((id) => !malformed.has(id))
    .flatMap((id) => rowsOf(id, transform));
}

export function transformOf({ transform }: Scenario) {
  if (transform === 'none') return undefined;
  if (transform === 'filter') return (row: Row) => (row.id % 3 === 0 ? null : row);
  if (transform === 'many') return ({ id }: Row) => many(rowsOf(id, transform) as Row[]);
  return async (row: Row) => {
    await wait(row.id % 7, new AbortController().signal);
    return row;
  };
}

function rowsOf(id: number, transform: Scenario['transform']): readonly Row[] {
  if (transform === 'filter') return id % 3 === 0 ? [] : [{ id, part: 0 }];
  return Array.from({ length: transform === 'many' ? id % 4 : 1 }, (_, part) => ({ id, part }));
}

/** The place where the rows go, the letters, and the checkpoint: what outlives a run. */
export class World {
  readonly scenario: Scenario;
  /** `id.part` → how often it was written. */
  readonly written = new Map<string, number>();
  readonly letters: DeadLetter[] = [];
  readonly sometimes = new Set<string>();
  /** Rows that came before an earlier one with the same key. */
  readonly disorder: Row[] = [];
  /** Key → its last row that had not been written before. */
  readonly #lastOf = new Map<unknown, Row>();
  /** Of the run that goes on. */
  brake = new BrakeWatch(this.sometimes);
  /** Id of a chunk → what was answered: whoever remembers ids answers the same again. */
  readonly #answers = new Map<string, PartialWriteError | undefined>();
  #saved: Checkpoint | undefined;
  /** What is left of it after a power cut. */
  #safe: Checkpoint | undefined;
  /** Most chunks that were written at once, and most rows in one of them. */
  lanes = 0;
  chunkRows = 0;
  /** Rows whose notes a power cut has taken back. */
  takenBack = 0;
  /** Rows of which a retry has told that they may come twice; of a run that crashes no summary tells it. */
  told = 0;
  /** Rows written since what is safe was saved. */
  #unsafe = 0;
  #open = 0;
  /** Called when a chunk was noted. */
  onNote: (() => void) | undefined;
  #run = 0;
  /** Of the process that runs now. */
  #life: Life = { isOver: false };

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  source(isCut: boolean): Source {
    const { records, malformed, pieceBytes } = this.scenario;
    const text = Array.from({ length: records }, (_, id) =>
      malformed.has(id) ? `{"id":${id}\n` : `${JSON.stringify({ id, part: 0 })}\n`,
    ).join('');
    const bytes = Buffer.from(text);
    const end = isCut ? Math.floor(bytes.length * 0.7) : bytes.length;
    const note = (what: string) => void this.sometimes.add(what);
    return {
      name: 'simulated.ndjson',
      open: async ({ signal }) => ({
        kind: 'bytes',
        pieces: pieces(bytes.subarray(0, end), pieceBytes, isCut, signal, note),
      }),
    };
  }

  /** A sink of this run. After a crash of the run it neither answers nor does anything. */
  sink(): Sink<Row> {
    const { scenario } = this;
    const life = this.#life;
    const brake = new BrakeWatch(this.sometimes);
    this.brake = brake;
    const place: Sink<Row> = {
      name: 'place',
      guarantee: scenario.isIdempotent ? 'effectively-once' : 'at-least-once',
      write: async (chunk, context) => {
        await alive(life, Promise.resolve());
        return this.#write(chunk, context);
      },
    };
    const faulty = faultySink(place, { ...scenario.rates, seed: scenario.seed + ++this.#run, delayMs: 400 });
    return {
      ...faulty,
      write: async (chunk, context) => {
        const end = brake.begin();
        this.lanes = Math.max(this.lanes, ++this.#open);
        this.chunkRows = Math.max(this.chunkRows, chunk.count);
        const before = faulty.log.length;
        try {
          await alive(life, wait(5, context.signal));
          await alive(life, faulty.write(chunk, context));
        } finally {
          this.#open--;
          end();
          for (const { fault } of faulty.log.slice(before)) this.sometimes.add(`fault: ${fault}`);
        }
      },
    };
  }

  deadLetters() {
    const life = this.#life;
    const add = async (letter: DeadLetter) => {
      await alive(life, Promise.resolve());
      this.letters.push(letter);
      this.sometimes.add(`letter: ${letter.code}`);
    };
    return { add, close: async () => {} };
  }

  /** What the next run finds: the checkpoint as it was saved last, and no lock of a process that is gone. */
  checkpoint(): CheckpointStore {
    const store = memoryCheckpoint();
    const life = this.#life;
    const taken = async (run: string) => {
      await alive(life, wait(1, new AbortController().signal));
      this.#saved = await store.load(run);
      if ((this.#saved?.finished ?? []).length > 0) this.sometimes.add('a chunk has overtaken another');
      if (this.#saved?.cursor?.made !== undefined) this.sometimes.add('a chunk boundary divides a record');
    };
    return {
      load: async () => this.#saved,
      reset: async () => {
        this.#saved = undefined;
        this.#safe = undefined;
      },
      save: async (run, checkpoint) => {
        const before = this.#unsafe;
        await store.save(run, checkpoint);
        await taken(run);
        this.#safe = this.#saved;
        this.#unsafe -= before;
      },
      ...(this.scenario.hasNotes && {
        note: async (run, progress) => {
          await store.note(run, progress);
          await taken(run);
          this.sometimes.add('a chunk is noted');
          this.onNote?.();
        },
      }),
    };
  }

  get isFinished(): boolean {
    return this.#saved?.state === 'finished';
  }

  /** What was noted and not saved is gone with the process. */
  cutPower(): void {
    if (this.#safe !== this.#saved) this.sometimes.add('a power cut takes notes back');
    this.#saved = this.#safe;
    this.takenBack += this.#unsafe;
    this.#unsafe = 0;
    this.crash();
  }

  /** Whatever the process was about to do does not happen any more. */
  crash(): void {
    this.#life.isOver = true;
    this.#life = { isOver: false };
  }

  async #write(chunk: Chunk<Row>, { signal }: WriteContext): Promise<void> {
    signal.throwIfAborted();
    const { poison, manner, isIdempotent } = this.scenario;
    if (isIdempotent && this.#answers.has(chunk.id)) {
      this.sometimes.add('a chunk comes again under its id');
      const answer = this.#answers.get(chunk.id);
      if (answer !== undefined) throw answer;
      return;
    }
    const bad = chunk.records.flatMap(({ id }, index) => (poison.has(id) ? [index] : []));
    if (bad.length > 0 && manner === 'silent') {
      this.sometimes.add('a chunk is refused for its records');
      throw refusal();
    }
    const answer =
      bad.length === 0 ? undefined : new PartialWriteError(new Map(bad.map((index) => [index, refusal()])));
    this.#answers.set(chunk.id, answer);
    for (const [index, row] of chunk.records.entries()) if (!bad.includes(index)) this.#note(row);
    if (answer === undefined) return;
    this.sometimes.add('single records are refused');
    throw answer;
  }

  #note(row: Row): void {
    this.#unsafe++;
    const name = `${row.id}.${row.part}`;
    const times = this.written.get(name) ?? 0;
    this.written.set(name, times + 1);
    const key = orderOf(this.scenario)?.(row);
    if (times > 0 || key === undefined) return;
    const last = this.#lastOf.get(key);
    if (last !== undefined && (last.id > row.id || (last.id === row.id && last.part > row.part)))
      this.disorder.push(row);
    this.#lastOf.set(key, row);
    if (last !== undefined && this.scenario.concurrency !== 1)
      this.sometimes.add('order is kept among several chunks');
  }
}

interface Life {
  isOver: boolean;
}

/** What comes of some work, unless the process has crashed meanwhile: then nothing ever does. */
async function alive<T>(life: Life, work: Promise<T>): Promise<T> {
  const done = work.catch(async (error: unknown) => {
    if (life.isOver) await new Promise(() => {});
    throw error;
  });
  const result = await done;
  return life.isOver ? new Promise<T>(() => {}) : result;
}

const refusal = () => new HttpError(422, 'HTTP 422 Unprocessable Entity', undefined);

async function* pieces(
  bytes: Uint8Array,
  size: number,
  isCut: boolean,
  signal: AbortSignal,
  note: (what: string) => void,
): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < bytes.length; from += size) {
    await wait(2, signal);
    yield bytes.subarray(from, Math.min(from + size, bytes.length));
  }
  if (!isCut) return;
  note('the source is cut');
  throw new PipelineError({
    code: 'SOURCE_TRUNCATED',
    message: 'The source is cut',
    source: 'simulated.ndjson',
  });
}
