export { BACKOFF_OPTIONS, type BackoffOptions, backoff } from './backoff.ts';
export { type ClassifyFunction, type ClassifyOptions, classify, isTransient } from './classify.ts';
export { type Failure, type FailureKind, isTransientKind, worstOf } from './failure.ts';
export { HttpError, httpError } from './http-error.ts';
export { type PlainHeaders, retryAfterOf } from './retry-after.ts';
export { wait } from './wait.ts';
