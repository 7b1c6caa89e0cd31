import type { RecordBytes } from '../core/record-block.ts';
import { type JsonKeyDropper, scanEngine } from '../scan/index.ts';
import { shapeOf } from './object-shape.ts';
import { GROUP_BYTES } from './parse-together.ts';
import { type RecordMaker, recordMaker } from './record-maker.ts';
import { asBuffer, type Encoding } from './record-text.ts';

/** Of fewer records it is not worth it. */
const FEWEST = 8;
/** A record of another shape costs what is saved by so many that have it. */
const COST_OF_OTHER = 50;
/** A shape is kept while it has saved more than it has cost; a new one may first cost so much. */
const FIRST_CREDIT = 200;
const MOST_CREDIT = 1_000;
/** After a shape that did not hold so many groups are decoded with their keys at most, before another one is tried. */
const MOST_PATIENCE = 64;

/** Some of the records that are to be decoded, from the first on. */
export interface DecodedGroup {
  /** Index behind the last of them. */
  readonly until: number;
  /** `undefined` when they have to be decoded one by one. */
  readonly records: readonly unknown[] | undefined;
}

/**
 * What the records of a source are like. Most have the same keys in the same order; then the keys are left out before
 * `JSON.parse` sees the records, and it has a third less to read.
 */
export class LearnedShape {
  #known: { readonly dropper: JsonKeyDropper; readonly make: RecordMaker } | undefined;
  #credit = FIRST_CREDIT;
  #patience = 1;
  #groupsLeft = 0;

  /** Looks at one of a group of records that were decoded with their keys. */
  learn(record: unknown): void {
    if (this.#known !== undefined || this.#groupsLeft-- > 0) return;
    const shape = shapeOf(record);
    const dropper = shape && scanEngine().jsonKeyDropper(shape);
    if (dropper === undefined) this.#forget();
    else this.#known = { dropper, make: recordMaker(shape!) };
    this.#credit = FIRST_CREDIT;
  }

  /**
   * Decodes records that are of the shape, as many as are best parsed together.
   * @returns `undefined` when no shape is known, or there are too few records
   */
  decode(encoded: RecordBytes, from: number, to: number, encoding: Encoding): DecodedGroup | undefined {
    if (this.#known === undefined || to - from < FEWEST) return undefined;
    const { dropper, make } = this.#known;
    const { until, json } = dropper.drop(encoded, from, to, GROUP_BYTES);
    this.#judge(until - from);
    if (until === from) return { until: from + 1, records: undefined };
    const records = make(parsed(asBuffer(json).toString(encoding)));
    return { until, records: records.length === until - from ? records : undefined };
  }

  #judge(alike: number): void {
    this.#credit += alike === 0 ? -COST_OF_OTHER : alike;
    if (this.#credit < 0) this.#forget();
    if (this.#credit < MOST_CREDIT) return;
    this.#credit = MOST_CREDIT;
    this.#patience = 1;
  }

  #forget(): void {
    this.#known = undefined;
    this.#groupsLeft = this.#patience;
    this.#patience = Math.min(this.#patience * 2, MOST_PATIENCE);
  }
}

/** @returns no values at all when they are malformed */
function parsed(text: string): readonly unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return [];
  }
}
