import { type FailureKind, failureTable } from './failure.ts';

/** `code` of errors that database drivers make themselves. */
export const DRIVER_CODES = failureTable({
  'not-applied': ['CONNECT_TIMEOUT'], // postgres.js
  'unknown-outcome': [
    // postgres.js
    'CONNECTION_CLOSED',
    'CONNECTION_DESTROYED',
    // mysql2
    'PROTOCOL_CONNECTION_LOST',
    'PROTOCOL_SEQUENCE_TIMEOUT',
    'PROTOCOL_UNEXPECTED_PACKET',
    'PROTOCOL_ERROR',
    'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  ],
  'too-large': ['MAX_PARAMETERS_EXCEEDED'], // postgres.js
  'bad-records': ['UNDEFINED_VALUE'], // postgres.js
  'run-wide': [
    // postgres.js
    'CONNECTION_ENDED', // after end()
    'SASL_SIGNATURE_MISMATCH',
    'AUTH_TYPE_NOT_IMPLEMENTED',
    // mysql2
    'PROTOCOL_ENQUEUE_AFTER_QUIT',
    'HANDSHAKE_NO_SSL_SUPPORT',
    'HANDSHAKE_SSL_ERROR',
    'HANDSHAKE_UNKNOWN_ERROR',
  ],
});

type Messages = readonly (readonly [message: RegExp, kind: FailureKind])[];

/** Errors without a code, known by their message only. Each pattern is anchored and matches without backtracking. */
export const DRIVER_MESSAGES: Messages = [
  // pg and pg-pool
  [/^timeout exceeded when trying to connect/, 'not-applied'],
  [/^timeout expired/, 'not-applied'],
  [/^Connection terminated due to connection timeout/, 'not-applied'],
  [/^Connection terminated unexpectedly/, 'unknown-outcome'],
  [/^Connection terminated$/, 'unknown-outcome'],
  [/^Query read timeout/, 'unknown-outcome'],
  [/^Client has encountered a connection error and is not queryable/, 'unknown-outcome'],
  [/^Cannot use a pool after calling end on the pool/, 'run-wide'],
  [/^SASL: /, 'run-wide'],
  [/^The server does not support SSL connections/, 'run-wide'],
  [/^There was an error establishing an SSL connection/, 'run-wide'],
  [/^Client was closed and is not queryable/, 'run-wide'],
  // mysql2
  [/^Can't add new command when connection is in closed state/, 'not-applied'],
  [/^No connections available\./, 'not-applied'],
  [/^Queue limit reached\./, 'not-applied'],
  [/^Pool is closed\./, 'run-wide'],
  // redis
  [/^Connection timeout$/, 'not-applied'],
  [/^The client is offline$/, 'not-applied'],
  [/^All the root nodes are unavailable$/, 'not-applied'],
  [/^Socket closed unexpectedly$/, 'unknown-outcome'],
  [/^Socket timeout timeout\./, 'unknown-outcome'],
  [/^The client is closed$/, 'run-wide'],
  // ioredis
  [/^Connection is closed\.$/, 'unknown-outcome'],
  [/^Reached the max retries per request limit/, 'unknown-outcome'],
  // knex
  [/^Knex: Timeout acquiring a connection/, 'not-applied'],
];

/** Messages that tell less than a `cause` would. */
export const VAGUE_MESSAGES: Messages = [
  [/^other side closed/, 'unknown-outcome'],
  [/^terminated$/, 'unknown-outcome'],
  [/^aborted$/, 'unknown-outcome'],
  [/^socket hang up/, 'unknown-outcome'],
];
