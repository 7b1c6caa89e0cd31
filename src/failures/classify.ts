import { PartialWriteError, PipelineError } from '../core/errors.ts';
import { RULES, VAGUE_RULES } from './classify-rules.ts';
import type { ErrorFields, Rule } from './error-fields.ts';
import { FAILURE_KINDS, type Failure, isTransientKind, worstOf } from './failure.ts';
import { OWN_CODES } from './own-codes.ts';
import { retryAfterOf } from './retry-after.ts';

/**
 * Says what an error means before the tables of this package do.
 * @param otherwise what it would mean otherwise
 * @returns `undefined` to leave it at that
 */
export type ClassifyFunction = (error: unknown, otherwise: Failure) => Failure | undefined;

export interface ClassifyOptions {
  /** Extends and overrides the tables; it is asked about the error as it was thrown, not about each of its causes. */
  readonly classify?: ClassifyFunction | undefined;
}

/**
 * What a failed write means: by the tables of this folder, looking through `cause` and `AggregateError`.
 * An error that no table knows is `unrecognised`, and permanent.
 * @throws TypeError when the function given returns something else than a failure
 */
export function classify(error: unknown, options: ClassifyOptions = {}): Failure {
  const otherwise = recognise(error, options, 0, new Set()) ?? { kind: 'unrecognised', why: nameOf(error) };
  const stated = options.classify?.(error, otherwise);
  if (stated === undefined) return otherwise;
  if (isFailure(stated)) return stated;
  throw new TypeError(`classify must return undefined or a failure of kind ${FAILURE_KINDS.join(', ')}`);
}

/** Whether the same write might succeed later. */
export function isTransient(error: unknown, options: ClassifyOptions = {}): boolean {
  return isTransientKind(classify(error, options).kind);
}

const MAX_CAUSES = 10;

/** One permanent part makes a whole permanent; else an error means what it says itself, or what its cause says. */
function recognise(
  error: unknown,
  options: ClassifyOptions,
  depth: number,
  seen: Set<unknown>,
): Failure | undefined {
  if (typeof error !== 'object' || error === null || depth > MAX_CAUSES || seen.has(error)) return undefined;
  seen.add(error);
  const fields = error as ErrorFields;
  const found =
    byParts(error, options, depth, seen) ??
    byOwnStatement(fields) ??
    firstOf(RULES, fields) ??
    recognise(fields.cause, options, depth + 1, seen) ??
    firstOf(VAGUE_RULES, fields);
  if (found === undefined) return undefined;
  const retryAfterMs = retryAfterOfError(fields);
  return retryAfterMs === undefined ? found : { ...found, retryAfterMs };
}

function byParts(
  error: object,
  options: ClassifyOptions,
  depth: number,
  seen: Set<unknown>,
): Failure | undefined {
  if (error instanceof PartialWriteError)
    return worstOf(Array.from(error.refusals.values(), (refusal) => classify(refusal, options)));
  if (!(error instanceof AggregateError)) return undefined;
  return worstOf(
    error.errors.map(
      (part: unknown) =>
        recognise(part, options, depth + 1, seen) ?? { kind: 'unrecognised', why: nameOf(part) },
    ),
  );
}

/** Errors of this package, and any that carries its `failure`: a sink that knows more than the tables says so itself. */
function byOwnStatement(fields: ErrorFields): Failure | undefined {
  if (isFailure(fields.failure)) return fields.failure;
  if (!(fields instanceof PipelineError)) return undefined;
  const kind = OWN_CODES.get(fields.code);
  return kind && { kind, why: fields.code };
}

function firstOf(rules: readonly Rule[], fields: ErrorFields): Failure | undefined {
  for (const rule of rules) {
    const found = rule(fields);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFailure(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, why } = value as Partial<Failure>;
  return FAILURE_KINDS.includes(kind!) && typeof why === 'string';
}

function retryAfterOfError({ retryAfterMs, response, headers }: ErrorFields): number | undefined {
  if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) return retryAfterMs;
  const given = [response?.headers, headers].find((each) => typeof each === 'object' && each !== null);
  return given && retryAfterOf(given);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
