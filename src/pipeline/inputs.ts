import { compareFingerprints } from '../checkpoint/compare-fingerprints.ts';
import { fingerprintFile, hashBefore } from '../checkpoint/fingerprint.ts';
import { RestartPoints } from '../checkpoint/restart-points.ts';
import { Witness, type WitnessOptions } from '../checkpoint/witness.ts';
import type { Fingerprint, RestartPoint } from '../core/checkpoint.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import type { Cursor } from '../core/position.ts';
import type { ReadWatch } from '../core/read-watch.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { ReadAfter, Source, SourceContent } from '../core/source.ts';

/** What can be said of inputs after a look at them. */
export interface InputsVerdict {
  readonly kind: 'same' | 'grown' | 'changed' | 'unknown';
  /** Which one, and why; for `changed`. */
  readonly reason?: string;
}

/**
 * The inputs of a run: what they are is noted, and compared with what was noted. Files can be looked at before they are
 * read; all others show what they are when they are opened, and while what is done is read again.
 */
export class Inputs implements ReadWatch {
  readonly #sources: readonly Source[];
  /** By the number of the source, what does not change while it is read. */
  readonly #seen = new Map<number, Fingerprint>();
  /** Of sources that are no files, by their number. */
  readonly #witnesses = new Map<number, Witness>();
  /** Of sources that are compressed, by their number. */
  readonly #restarts = new Map<number, RestartPoints>();
  #earlier: Earlier = { prints: [], cursor: undefined, allowGrowth: false };

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  /** The run goes on where an earlier one has ended. */
  goOn(earlier: Earlier): void {
    this.#earlier = earlier;
  }

  /** What the inputs are; of those that are read to the cursor, or beyond it, by their bytes. */
  async at(cursor: Cursor): Promise<readonly Fingerprint[]> {
    const prints: Fingerprint[] = [];
    for (const [index, source] of this.#sources.entries()) {
      if (index > cursor.source) prints.push({ name: source.name });
      else prints.push(await this.#at(index, source, index < cursor.source ? END : cursor));
      const restart = this.#restartAt(index, cursor);
      if (restart !== undefined) prints.push({ ...prints.pop()!, restart });
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

  after(source: number): ReadAfter | undefined {
    const last = this.#earlier.prints[source]?.records?.at(-1);
    return last?.token === undefined ? undefined : { records: last.record, token: last.token };
  }

  opened(index: number, content: SourceContent): boolean {
    const { name, file } = this.#sources[index]!;
    if (file !== undefined) return true;
    const now = { name, ...versionOf(content) };
    const { prints, cursor, allowGrowth } = this.#earlier;
    const earlier = prints[index];
    const known = earlier?.records ?? [];
    this.#seen.set(index, now);
    this.#witnesses.set(index, new Witness({ source: name, known, ...placesOf(content) }));
    if (earlier === undefined) return false;
    const verdict = compareVersions(earlier, now, allowGrowth);
    const isRead = cursor !== undefined && (index < cursor.source || cursor.records > 0);
    if (verdict === 'unknown' && isRead && known.length === 0)
      throw changed(name, 'nothing was noted that could tell whether it is the same');
    return verdict === 'same';
  }

  restarts(index: number, point: RestartPoint): void {
    const points = this.#restarts.get(index) ?? new RestartPoints(this.restart(index));
    this.#restarts.set(index, points);
    points.add(point);
  }

  restart(index: number): RestartPoint | undefined {
    return this.#earlier.prints[index]?.restart;
  }

  passed(index: number, block: RecordBlock): void {
    this.#witnesses.get(index)?.see(block);
  }

  ended(index: number): void {
    this.#witnesses.get(index)?.end();
  }

  #restartAt(index: number, { source, bytes = 0 }: Cursor): RestartPoint | undefined {
    if (index !== source) return undefined;
    const points = this.#restarts.get(index);
    return points === undefined ? this.restart(index) : points.before(bytes);
  }

  async #at(
    index: number,
    { name, file }: Source,
    { records, bytes: position = 0 }: Pick<Cursor, 'records' | 'bytes'>,
  ): Promise<Fingerprint> {
    const seen = this.#seen.get(index);
    if (file === undefined) {
      const known = this.#witnesses.get(index)?.at(records) ?? [];
      return seen === undefined
        ? (this.#earlier.prints[index] ?? { name })
        : { ...seen, ...(known.length > 0 && { records: known }) };
    }
    if (seen === undefined) {
      const first = { ...(await fingerprintFile(file, position)), name };
      this.#seen.set(index, first);
      return first;
    }
    if (seen.tail?.to === Math.min(position, seen.size ?? position)) return seen;
    const now = { ...seen, tail: hashBefore(file, Math.min(position, seen.size ?? position)) };
    this.#seen.set(index, now);
    return now;
  }
}

/** What an earlier run has noted. */
export interface Earlier {
  readonly prints: readonly Fingerprint[];
  readonly cursor: Cursor | undefined;
  readonly allowGrowth: boolean;
}

const END = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

function versionOf(content: SourceContent): Pick<Fingerprint, 'size' | 'etag'> {
  if (content.kind === 'records') return {};
  const { size, etag } = content;
  return { ...(size !== undefined && { size }), ...(etag !== undefined && { etag }) };
}

function placesOf(content: SourceContent): Pick<WitnessOptions, 'before' | 'tokenOf'> {
  if (content.kind === 'bytes') return {};
  return { before: content.before, tokenOf: (record) => content.tokenOf?.(record) };
}

/** What size and ETag say. @throws PipelineError when they say that it is another input */
function compareVersions(
  { name, size, etag }: Fingerprint,
  now: Fingerprint,
  allowGrowth: boolean,
): 'same' | 'unknown' {
  if (etag !== undefined && etag === now.etag) return 'same';
  const verdict = compareFingerprints({ name, ...(size !== undefined && { size }) }, now);
  if (verdict.kind === 'changed') throw changed(now.name, verdict.reason);
  if (verdict.kind === 'same' && etag !== undefined)
    throw changed(now.name, now.etag === undefined ? 'its ETag is no longer known' : 'it has another ETag');
  if (verdict.kind === 'grown' && !allowGrowth) throw changed(now.name, moreBytes(verdict.by));
  return 'unknown';
}

function changed(name: string, reason: string): PipelineError {
  return new PipelineError({ code: 'INPUT_CHANGED', message: `${name} is not what it was: ${reason}` });
}

function moreBytes(by: number): string {
  return `it has ${by.toLocaleString('en-US')} more bytes`;
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
    const reason = verdict.kind === 'grown' ? moreBytes(verdict.by) : verdict.reason;
    return { kind: verdict.kind, reason: `${name} is not what it was: ${reason}` };
  } catch (error) {
    return { kind: 'changed', reason: `${name} cannot be read any more: ${messageOf(error)}` };
  }
}
