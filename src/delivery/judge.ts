import { type ClassifyOptions, classify, type Failure } from '../failures/index.ts';

/** Why a record was not taken, and what that means. */
export interface Refusal {
  readonly error: unknown;
  readonly failure: Failure;
}

/** What an error means. An option that throws when it is asked is the error then, and permanent. */
export function judge(error: unknown, options: ClassifyOptions): Refusal {
  try {
    return { error, failure: classify(error, options) };
  } catch (thrown) {
    return { error: thrown, failure: { kind: 'unrecognised', why: 'the option classify failed' } };
  }
}

/**
 * Whether what a sink says of one single record means that it will never take that record. An answer that no table knows
 * does, since the sink has named the record; of a whole chunk it would not.
 */
export function isAboutTheRecord({ kind }: Failure): boolean {
  return kind === 'bad-records' || kind === 'too-large' || kind === 'unrecognised';
}
