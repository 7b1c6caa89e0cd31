import type { Chunk } from '../core/chunk.ts';
import { type FullSink, type Sink, type WriteContext, withWrite } from '../core/sink.ts';
import type { ClassifyOptions } from '../failures/index.ts';
import { type Answer, answerOf } from './answer.ts';
import { Ceiling, middleByBytes } from './ceiling.ts';
import { Findings, Stop } from './findings.ts';
import { hintOf } from './hint.ts';
import { isAboutTheRecord, type Refusal } from './judge.ts';
import { Part } from './part.ts';

/** Options of `bisecting`. */
export interface BisectingOptions extends ClassifyOptions {
  /**
   * Asked whenever records of a chunk are found refused: how many of them are enough. Then the rest of the chunk is not
   * sent any more. @default no bound
   */
  readonly enough?: () => number;
}

/**
 * The sink, with a chunk divided that it does not take as it is: one that holds bad records, until each of them is found
 * and all others are written; one that is too large, by bytes, until its parts are taken – and later chunks are divided
 * before they are sent, as is one that is beyond what the sink states to take.
 *
 * What the sink says of single records (`PartialWriteError`) is believed. Where it only names one of them, that one is
 * tried alone. Else the chunk is halved: one bad record of n costs at most 2·⌈log2 n⌉ writes beyond the first, and one or
 * two more when the sink had named another. Each part is an operation of its own, with an id of its own that is the same
 * in every run. Anything else – the run is aborted, the sink is down, an error is unknown – ends it at once.
 * @throws `write` rejects with a `WriteError` that lists what is not safe, each record with its reason
 */
export function bisecting<T>(sink: Sink<T>, options: BisectingOptions = {}): FullSink<T> {
  const ceiling = new Ceiling(sink.limits);
  return withWrite(sink, (chunk, context) => new Bisection(sink, chunk, context, options, ceiling).run());
}

/** A part that is written, and how often its records have been sent before. */
interface Step<T> {
  readonly part: Part<T>;
  readonly attempts: number;
}

/** One chunk, as it is divided. */
class Bisection<T> {
  readonly #sink: Sink<T>;
  readonly #context: WriteContext;
  readonly #options: BisectingOptions;
  readonly #ceiling: Ceiling;
  readonly #findings: Findings;
  readonly #whole: Part<T>;
  /** Whether the sink has only named records that it did refuse. */
  #isTrustworthy = true;

  constructor(
    sink: Sink<T>,
    chunk: Chunk<T>,
    context: WriteContext,
    options: BisectingOptions,
    ceiling: Ceiling,
  ) {
    this.#sink = sink;
    this.#context = context;
    this.#options = options;
    this.#ceiling = ceiling;
    this.#whole = new Part(chunk);
    this.#findings = new Findings(sink.name, chunk as Chunk);
  }

  async run(): Promise<void> {
    const stop = await this.#send({ part: this.#whole, attempts: 0 }).then(
      () => undefined,
      (thrown: unknown) => {
        if (thrown instanceof Stop) return thrown;
        throw thrown;
      },
    );
    const error = this.#findings.conclusion(stop);
    if (error !== undefined) throw error;
  }

  /**
   * @param onRefused called when the part is not taken, before it is divided
   * @returns whether the sink has taken the part as it is, or as parts that are small enough
   */
  async #send({ part, attempts }: Step<T>, onRefused?: () => void): Promise<boolean> {
    if (part.count > 1 && this.#ceiling.isBelow(part.chunk as Chunk))
      return this.#sendHalves({ part, attempts });
    const answer = await this.#write(part);
    if (answer === undefined) return true;
    onRefused?.();
    await this.#divide({ part, attempts: attempts + answer.attempts }, answer);
    return false;
  }

  async #write(part: Part<T>): Promise<Answer | undefined> {
    try {
      await this.#sink.write(part.chunk, this.#context);
    } catch (error) {
      return answerOf(error, this.#options);
    }
    this.#ceiling.confirm(part.chunk as Chunk);
    if (part === this.#whole) this.#findings.takeAll();
    else this.#findings.take(part.indexes);
    return undefined;
  }

  /** What becomes of a part that was not taken. */
  async #divide(step: Step<T>, answer: Answer): Promise<void> {
    const { kind } = answer.failure;
    if (answer.refusals !== undefined) return this.#believe(step, answer, answer.refusals);
    if (kind !== 'bad-records' && kind !== 'too-large') throw new Stop(step.part.indexes, answer);
    if (step.part.count === 1) return this.#refuse(step, answer);
    if (kind === 'bad-records') return this.#seek(step, answer);
    this.#ceiling.lower(step.part.chunk as Chunk);
    await this.#sendHalves(step);
  }

  /** The sink has spoken of single records: all others are safe. Those that share an answer are divided further. */
  async #believe(
    { part, attempts }: Step<T>,
    answer: Answer,
    refusals: ReadonlyMap<number, Refusal>,
  ): Promise<void> {
    const { undivided } = answer;
    this.#findings.take(part.indexes.filter((_, index) => !refusals.has(index)));
    const isAborted = answer.failure.kind === 'aborted';
    let isOver = isAborted;
    for (const [index, refusal] of refusals) {
      if (undivided.has(index)) continue;
      const earlier = attempts - answer.attempts;
      this.#findings.refuse(part.indexes[index]!, refusal, earlier + answer.attemptsWith(index));
      isOver ||= !isAboutTheRecord(refusal.failure);
    }
    const [shared] = [...undivided].map((index) => refusals.get(index)!);
    const others = part.pick([...undivided].sort((a, b) => a - b));
    const met = shared === undefined || isAborted ? answer : { ...answer, ...shared };
    if (isOver) throw new Stop(others.indexes, met);
    this.#checkEnough();
    if (shared !== undefined) await this.#divide({ part: others, attempts }, { ...met, refusals: undefined });
  }

  #refuse({ part, attempts }: Step<T>, answer: Answer): void {
    this.#findings.refuse(part.indexes[0]!, answer, attempts);
    this.#checkEnough();
  }

  #checkEnough(): void {
    const { enough } = this.#options;
    if (enough !== undefined && this.#findings.refused >= Math.max(enough(), 1)) throw new Stop([]);
  }

  /** Finds the bad records of a part that holds at least one. */
  async #seek(step: Step<T>, { error }: Answer): Promise<void> {
    const named = this.#isTrustworthy ? hintOf(error, step.part.chunk as Chunk) : undefined;
    if (named === undefined) await this.#halve(step);
    else await this.#seekAt(named, step);
  }

  /** Where the record that the sink has named is taken, or one before it is not, the sink is not believed again. */
  async #seekAt(named: number, { part, attempts }: Step<T>): Promise<void> {
    const step = (from: number, to?: number) => ({ part: part.slice(from, to), attempts });
    const distrust = () => {
      this.#isTrustworthy = false;
    };
    if (named > 0 && !(await this.#send(step(0, named), distrust))) {
      distrust();
      await this.#send(step(named));
      return;
    }
    const isLast = named + 1 === part.count;
    this.#isTrustworthy = !(await this.#send(step(named, named + 1)));
    if (isLast) return;
    if (this.#isTrustworthy) await this.#send(step(named + 1));
    else await this.#seekUnnamed(step(named + 1));
  }

  /** In order, and the second half without a write of its own when the first one holds none of them. */
  async #halve({ part, attempts }: Step<T>): Promise<void> {
    const middle = Math.ceil(part.count / 2);
    const isTaken = await this.#send({ part: part.slice(0, middle), attempts });
    const second = { part: part.slice(middle), attempts };
    if (isTaken) await this.#seekUnnamed(second);
    else await this.#send(second);
  }

  /** A record is refused only by an answer that is about it alone. */
  async #seekUnnamed(step: Step<T>): Promise<void> {
    if (step.part.count === 1) await this.#send(step);
    else await this.#halve(step);
  }

  async #sendHalves({ part, attempts }: Step<T>): Promise<boolean> {
    const middle = middleByBytes(part.chunk as Chunk);
    const isFirstTaken = await this.#send({ part: part.slice(0, middle), attempts });
    const isSecondTaken = await this.#send({ part: part.slice(middle), attempts });
    return isFirstTaken && isSecondTaken;
  }
}
