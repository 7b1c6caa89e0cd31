import { compareFingerprints } from '../checkpoint/compare-fingerprints.ts';
import { fingerprintFile, hashBefore } from '../checkpoint/fingerprint.ts';
import type { Fingerprint } from '../core/checkpoint.ts';
import { messageOf } from '../core/errors.ts';
import type { Cursor } from '../core/position.ts';
import type { Source } from '../core/source.ts';

/** What can be said of inputs after a look at them. */
export interface InputsVerdict {
  readonly kind: 'same' | 'grown' | 'changed' | 'unknown';
  /** Which one, and why; for `changed`. */
  readonly reason?: string;
}

/** The inputs of a run: what they are is noted, and compared with what was noted. Only files can be looked at again. */
export class Inputs {
  readonly #sources: readonly Source[];
  /** By the number of the source, what does not change while it is read. */
  readonly #seen = new Map<number, Fingerprint>();

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  /** What the inputs are; of those that are read to the cursor, or beyond it, by their bytes. */
  async at(cursor: Cursor): Promise<readonly Fingerprint[]> {
    const prints: Fingerprint[] = [];
    for (const [index, source] of this.#sources.entries()) {
      const position = index < cursor.source ? Number.POSITIVE_INFINITY : (cursor.bytes ?? 0);
      prints.push(index > cursor.source ? { name: source.name } : await this.#at(index, source, position));
    }
    return prints;
  }

  /** Whether the inputs are those that were noted. */
  async compare(earlier: readonly Fingerprint[] | undefined): Promise<InputsVerdict> {
    if (earlier === undefined) return { kind: 'unknown' };
    const verdicts: InputsVerdict[] = [];
    for (const [index, print] of earlier.entries())
      verdicts.push(await verdictOn(this.#sources[index], print));
    const more = this.#sources[earlier.length];
    if (more !== undefined)
      verdicts.push({ kind: 'changed', reason: `${more.name} has come to the sources` });
    return (
      WORST.flatMap((kind) => verdicts.find((verdict) => verdict.kind === kind) ?? [])[0] ?? { kind: 'same' }
    );
  }

  async #at(index: number, { name, file }: Source, position: number): Promise<Fingerprint> {
    if (file === undefined) return { name };
    const seen = this.#seen.get(index);
    if (seen === undefined) {
      const first = { ...(await fingerprintFile(file, position)), name };
      this.#seen.set(index, first);
      return first;
    }
    if (seen.tail?.to === Math.min(position, seen.size ?? position)) return seen;
    const now = { ...seen, tail: await hashBefore(file, Math.min(position, seen.size ?? position)) };
    this.#seen.set(index, now);
    return now;
  }
}

const WORST = ['changed', 'grown', 'unknown'] as const;

async function verdictOn(source: Source | undefined, earlier: Fingerprint): Promise<InputsVerdict> {
  if (source === undefined)
    return { kind: 'changed', reason: `${earlier.name} is no longer among the sources` };
  const { name, file } = source;
  if (file === undefined || earlier.head === undefined)
    return name === earlier.name
      ? { kind: 'unknown' }
      : { kind: 'changed', reason: `${name} stands where ${earlier.name} was` };
  try {
    const now = { ...(await fingerprintFile(file, earlier)), name };
    const verdict = compareFingerprints(earlier, now);
    if (verdict.kind === 'same') return verdict;
    const reason =
      verdict.kind === 'grown' ? `it has ${verdict.by.toLocaleString('en-US')} more bytes` : verdict.reason;
    return { kind: verdict.kind, reason: `${name} is not what it was: ${reason}` };
  } catch (error) {
    return { kind: 'changed', reason: `${name} cannot be read any more: ${messageOf(error)}` };
  }
}
