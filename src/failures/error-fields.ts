import type { Failure } from './failure.ts';
import type { PlainHeaders } from './retry-after.ts';

/** The fields that the errors of many libraries carry. Nothing is certain about any of them. */
export interface ErrorFields {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  /** Of got, axios and the like. */
  readonly response?: {
    readonly status?: unknown;
    readonly statusCode?: unknown;
    readonly headers?: AnyHeaders;
  };
  readonly headers?: AnyHeaders;
  /** Of this package's `HttpError`. */
  readonly retryAfterMs?: unknown;
  /** Of this package's `WriteError`, and of sinks that know what their errors mean. */
  readonly failure?: unknown;
  /** Of MySQL and MariaDB drivers. */
  readonly sqlState?: unknown;
  /** Of node:sqlite. */
  readonly errcode?: unknown;
  /** Of MongoDB. */
  readonly errorLabels?: unknown;
  readonly writeErrors?: unknown;
  /** Of an item of a reply of Elasticsearch. */
  readonly type?: unknown;
  readonly error?: { readonly type?: unknown } | null;
  /** Of the Elasticsearch client. */
  readonly meta?: unknown;
  readonly body?: { readonly error?: { readonly type?: unknown } | null } | null;
  /** Of undici. */
  readonly socket?: { readonly bytesWritten?: unknown } | null;
}

type AnyHeaders = Headers | PlainHeaders | undefined;

/** What it means, if the rule knows the error. */
export type Rule = (fields: ErrorFields) => Failure | undefined;
