import type { FailureKind } from './failure.ts';

/** Codes that mean two things, told apart by the message. Each pattern matches without backtracking. */
export const AMBIGUOUS_CODES: readonly (readonly [code: string, message: RegExp, kind: FailureKind])[] = [
  // Node: the request follows the handshake
  ['ECONNRESET', /^Client network socket disconnected before secure TLS connection/, 'not-applied'],
  // HTTP/2: the server did not begin with the request (RFC 9113 §8.7), also after GOAWAY with a lower last stream
  ['ERR_HTTP2_STREAM_ERROR', /NGHTTP2_REFUSED_STREAM/, 'not-applied'],
  // PostgreSQL: a person ended the statement; otherwise it was statement_timeout
  ['57014', /due to user request/, 'run-wide'],
  // PostgreSQL counts parameters in 16 bits: more than 65,535 arrive as their remainder
  ['08P01', /^bind message (?:supplies|has)/, 'too-large'],
  // SQLite: one code for everything that is wrong with a statement
  ['ERR_SQLITE_ERROR', /^too many SQL variables/, 'too-large'],
  ['SQLITE_ERROR', /^too many SQL variables/, 'too-large'],
];
