import { messageOf } from '../core/errors.ts';
import { classify, type Failure } from '../failures/index.ts';

/** A connection was lost, and the transaction with it: whatever was sent, nothing of it has come to stay. */
export class NotAppliedError extends Error {
  override readonly name = 'NotAppliedError';
  readonly failure: Failure;

  constructor(cause: unknown, { why, ...hints }: Failure) {
    super(messageOf(cause), { cause });
    this.failure = { ...hints, kind: 'not-applied', why: `${why}, and this attempt has committed nothing` };
  }
}

/** What an error means when COMMIT was not sent: where its outcome would be unknown, it is not. */
export function asNotApplied(error: unknown): unknown {
  const failure = classify(error);
  return failure.kind === 'unknown-outcome' ? new NotAppliedError(error, failure) : error;
}

/** For `catch`. */
export function throwAsNotApplied(error: unknown): never {
  throw asNotApplied(error);
}
