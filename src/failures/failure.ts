/** Every kind of failure, from the one that promises least to the one that promises most. */
export const FAILURE_KINDS = [
  'aborted',
  'run-wide',
  'unrecognised',
  'bad-records',
  'too-large',
  'unknown-outcome',
  'throttled',
  'not-applied',
] as const;

/**
 * What a failed write means. Only the first three are transient: the same write may succeed later.
 * - `not-applied`: it certainly changed nothing (the connection was refused, the transaction was rolled back)
 * - `unknown-outcome`: it may have been applied (the connection was lost, no answer came in time)
 * - `throttled`: the receiver asks for time
 * - `too-large`: a smaller chunk may pass
 * - `bad-records`: something in the chunk will never be taken
 * - `run-wide`: no chunk will be taken (credentials, configuration, a full disk)
 * - `aborted`: the run was told to stop, or the reader of the output has gone away
 * - `unrecognised`: no table knows it; it is permanent, so that a bug is never retried
 */
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** What a failed write means, and by what it was recognised. */
export interface Failure {
  readonly kind: FailureKind;
  /** What it was recognised by: `ECONNRESET`, `HTTP 503`, `SQLSTATE 40001`. */
  readonly why: string;
  /** Milliseconds that the receiver asks to wait. */
  readonly retryAfterMs?: number;
  /** The most retries that make sense, where that is fewer than the policy allows. */
  readonly maxRetries?: number;
  /** The same, as long as the receiver was never reached: then a wrong name is likelier than a passing trouble. */
  readonly maxRetriesAtFirst?: number;
}

/** Whether the same write might succeed later. */
export function isTransientKind(kind: FailureKind): boolean {
  return kind === 'not-applied' || kind === 'unknown-outcome' || kind === 'throttled';
}

/**
 * Several failures of one write as one: the kind of the worst, since one permanent part makes the whole permanent, and
 * the longest wait that any of them asks for. `undefined` for none.
 */
export function worstOf(failures: readonly Failure[]): Failure | undefined {
  const [worst] = failures.toSorted((a, b) => rank(a) - rank(b));
  if (worst === undefined) return undefined;
  const waits = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return waits.length === 0 ? worst : { ...worst, retryAfterMs: Math.max(...waits) };
}

function rank({ kind }: Failure): number {
  return FAILURE_KINDS.indexOf(kind);
}

/** Names that belong to one kind of failure, as the rows of a table. */
export type FailureTable = ReadonlyMap<string, FailureKind>;

/** A table from lists of names. @throws Error when a name is in two lists */
export function failureTable(
  rows: { readonly [Kind in FailureKind]?: readonly (string | number)[] },
): FailureTable {
  const table = new Map<string, FailureKind>();
  for (const [kind, names] of Object.entries(rows)) {
    for (const name of names) {
      if (table.has(String(name))) throw new Error(`${name} is in two rows of the table`);
      table.set(String(name), kind as FailureKind);
    }
  }
  return table;
}
