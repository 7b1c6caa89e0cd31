import { PartialWriteError, PipelineError } from '../../src/core/errors.ts';
import type { FailureKind } from '../../src/failures/index.ts';

/** An error as the library named throws it, and what it means. */
export interface Case {
  /** Who throws it, and which one. */
  readonly what: string;
  readonly error: unknown;
  readonly kind: FailureKind;
  /** Attempts with the usual policy when every one of them fails so. @default 4 for a transient kind, else 1 */
  readonly attempts?: number;
  /** The wait that the receiver asks for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** An error with fields, as libraries make them. */
export function errorWith(fields: Record<string, unknown>, message = 'it failed'): Error {
  const { name, ...others } = fields;
  const error = Object.assign(new Error(message), others);
  if (name !== undefined) Object.defineProperty(error, 'name', { value: name });
  return error;
}

/** Cases that differ in one field only. */
function each(
  source: string,
  kind: FailureKind,
  values: readonly (string | number)[],
  make: (value: string | number) => unknown,
  attempts?: number,
): readonly Case[] {
  return values.map((value) => ({
    what: `${source} ${value}`,
    error: make(value),
    kind,
    ...(attempts !== undefined && { attempts }),
  }));
}

const byCode = (code: string | number) => errorWith({ code, errno: -1, syscall: 'read' }, `read ${code}`);
const undici = (code: string | number) => new TypeError('fetch failed', { cause: errorWith({ code }) });

const NODE: readonly Case[] = [
  ...each(
    'node',
    'not-applied',
    ['ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EHOSTDOWN'],
    (code) => errorWith({ code, syscall: 'connect' }, `connect ${code} 10.0.0.1:443`),
  ),
  {
    what: 'node ENOTFOUND',
    error: errorWith({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'getaddrinfo ENOTFOUND exmaple.com'),
    kind: 'not-applied',
    attempts: 2,
  },
  ...each(
    'node, out of something,',
    'not-applied',
    ['EADDRINUSE', 'EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'EINTR', 'ENOBUFS'],
    byCode,
  ),
  ...each('node, while connecting,', 'not-applied', ['ETIMEDOUT', 'ECONNRESET', 'EPIPE'], (code) =>
    errorWith({ code, syscall: 'connect' }),
  ),
  ...each('node, while reading,', 'unknown-outcome', ['ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED'], byCode),
  ...each('node, while writing,', 'unknown-outcome', ['EPIPE', 'ECONNRESET', 'ENETRESET'], (code) =>
    errorWith({ code, syscall: 'write' }),
  ),
  {
    what: 'node, in the middle of the TLS handshake, ECONNRESET',
    error: errorWith(
      { code: 'ECONNRESET' },
      'Client network socket disconnected before secure TLS connection was established',
    ),
    kind: 'not-applied',
  },
  {
    what: 'node socket hang up',
    error: errorWith({ code: 'ECONNRESET' }, 'socket hang up'),
    kind: 'unknown-outcome',
  },
  ...each(
    'node',
    'run-wide',
    ['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO', 'EACCES', 'EPERM', 'ENOENT', 'EISDIR', 'ENOTDIR'],
    (code) => errorWith({ code, syscall: 'write' }),
  ),
  ...each('node', 'run-wide', ['ENAMETOOLONG', 'EINVAL', 'ELOOP', 'EXDEV', 'ENXIO', 'ESTALE'], (code) =>
    errorWith({ code, syscall: 'open' }),
  ),
  ...each(
    'node tls',
    'run-wide',
    [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'EPROTO',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'ERR_TLS_INVALID_PROTOCOL_VERSION',
    ],
    undici,
  ),
  ...each('node http2', 'unknown-outcome', ['NGHTTP2_INTERNAL_ERROR', 'NGHTTP2_CANCEL'], (name) =>
    errorWith({ code: 'ERR_HTTP2_STREAM_ERROR' }, `Stream closed with error code ${name}`),
  ),
  {
    what: 'node http2 NGHTTP2_REFUSED_STREAM',
    error: errorWith(
      { code: 'ERR_HTTP2_STREAM_ERROR' },
      'Stream closed with error code NGHTTP2_REFUSED_STREAM',
    ),
    kind: 'not-applied',
  },
  ...each('node http2', 'not-applied', ['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION'], byCode),
  ...each('node http2', 'unknown-outcome', ['ERR_HTTP2_SESSION_ERROR', 'ERR_HTTP2_STREAM_CANCEL'], byCode),
  { what: 'node stream', error: errorWith({ code: 'ERR_STREAM_PREMATURE_CLOSE' }), kind: 'unknown-outcome' },
  { what: 'a timeout', error: new DOMException('too long', 'TimeoutError'), kind: 'unknown-outcome' },
  { what: 'an abort', error: new DOMException('stop', 'AbortError'), kind: 'aborted' },
  { what: 'node AbortError', error: errorWith({ name: 'AbortError', code: 'ABORT_ERR' }), kind: 'aborted' },
  {
    what: 'node AbortError by a timeout',
    error: errorWith({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: new DOMException('too long', 'TimeoutError'),
    }),
    kind: 'unknown-outcome',
  },
];

const UNDICI: readonly Case[] = [
  ...each(
    'undici',
    'not-applied',
    ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_PRX_CONN', 'UND_ERR_SOCKS5_REPLY_5'],
    undici,
  ),
  ...each('undici', 'run-wide', ['UND_ERR_SOCKS5_REPLY_2', 'UND_ERR_SOCKS5_AUTH_FAILED'], undici),
  ...each(
    'undici',
    'unknown-outcome',
    [
      'UND_ERR_HEADERS_TIMEOUT',
      'UND_ERR_BODY_TIMEOUT',
      'UND_ERR_INFO',
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    ],
    undici,
  ),
  ...each('undici', 'unknown-outcome', ['HPE_INVALID_CONSTANT', 'UND_ERR_HTTP_PARSER'], undici, 2),
  {
    what: 'undici HTTPParserError',
    error: new TypeError('fetch failed', { cause: errorWith({ name: 'HTTPParserError', code: undefined }) }),
    kind: 'unknown-outcome',
    attempts: 2,
  },
  ...each(
    'undici',
    'run-wide',
    [
      'UND_ERR_PRX_TLS',
      'UND_ERR_HEADERS_OVERFLOW',
      'UND_ERR_RES_EXCEEDED_MAX_SIZE',
      'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
      'UND_ERR_INVALID_ARG',
      'UND_ERR_INVALID_RETURN_VALUE',
      'UND_ERR_NOT_SUPPORTED',
      'UND_ERR_BPL_MISSING_UPSTREAM',
      'UND_ERR_MAX_ORIGINS_REACHED',
      'UND_ERR_CLOSED',
      'UND_ERR_DESTROYED',
    ],
    undici,
  ),
  ...each('undici', 'aborted', ['UND_ERR_ABORTED', 'UND_ERR_ABORT'], undici),
  ...[0, 1, 512].map((bytesWritten) => ({
    what: `undici UND_ERR_SOCKET after ${bytesWritten} bytes were written`,
    error: new TypeError('fetch failed', {
      cause: errorWith(
        { code: 'UND_ERR_SOCKET', socket: { bytesWritten, bytesRead: 0 } },
        'other side closed',
      ),
    }),
    kind: (bytesWritten === 0 ? 'not-applied' : 'unknown-outcome') as FailureKind,
  })),
  ...(
    [
      ['UND_ERR_REQ_RETRY', 503, 'throttled'],
      ['UND_ERR_RESPONSE', 400, 'bad-records'],
      ['UND_ERR_RESPONSE_STATUS_CODE', 504, 'unknown-outcome'],
    ] as const
  ).map(([code, statusCode, kind]) => ({
    what: `undici ${code} ${statusCode}`,
    error: errorWith({ code, statusCode, headers: null }),
    kind: kind as FailureKind,
  })),
  {
    what: 'undici UND_ERR_RESPONSE 429 with Retry-After',
    error: errorWith({ code: 'UND_ERR_RESPONSE', statusCode: 429, headers: { 'retry-after': '7' } }),
    kind: 'throttled',
    retryAfterMs: 7_000,
  },
];

const CLIENTS: readonly Case[] = [
  { what: 'a client 407', error: errorWith({ status: 407 }), kind: 'run-wide' },
  {
    what: 'axios 503',
    error: errorWith({
      code: 'ERR_BAD_RESPONSE',
      response: { status: 503, headers: { 'Retry-After': '2' } },
    }),
    kind: 'throttled',
    retryAfterMs: 2_000,
  },
  { what: 'axios timeout', error: errorWith({ code: 'ECONNABORTED' }), kind: 'unknown-outcome' },
  { what: 'axios cancel', error: errorWith({ code: 'ERR_CANCELED' }), kind: 'aborted' },
  {
    what: 'got 400',
    error: errorWith({ code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 400, headers: {} } }),
    kind: 'bad-records',
  },
  { what: 'a status of success', error: errorWith({ status: 200 }), kind: 'unrecognised' },
];

const pg = (code: string | number, message = 'it failed') =>
  errorWith({ name: 'error', code, severity: 'ERROR', routine: 'exec_simple_query' }, message);

const POSTGRES: readonly Case[] = [
  ...each(
    'pg',
    'not-applied',
    [
      '40000',
      '40001',
      '40P01',
      '55P03',
      '55006',
      '53000',
      '53200',
      '53300',
      '57P03',
      '08001',
      '08004',
      '25P03',
      '25P04',
    ],
    pg,
  ),
  {
    what: 'pg 57014 by statement_timeout',
    error: pg('57014', 'canceling statement due to statement timeout'),
    kind: 'not-applied',
  },
  {
    what: 'pg 57014 by a person',
    error: pg('57014', 'canceling statement due to user request'),
    kind: 'run-wide',
  },
  ...each(
    'pg',
    'unknown-outcome',
    ['08000', '08003', '08006', '08007', '40003', '57P01', '57P02', '57P05', '58000', '58030'],
    pg,
  ),
  ...each(
    'pg',
    'run-wide',
    ['53100', '53400', '28P01', '28000', '3D000', '3F000', '42601', '42501', '42P01'],
    pg,
  ),
  ...each(
    'pg',
    'run-wide',
    ['42703', '0A000', '25006', '25P02', '57P04', '08P01', 'XX000', 'XX001', '2D000', '3B001'],
    pg,
  ),
  ...each(
    'pg',
    'bad-records',
    [
      '21000',
      '22001',
      '22003',
      '22007',
      '22P02',
      '22021',
      '23502',
      '23503',
      '23505',
      '23514',
      '44000',
      '20000',
      'P0001',
    ],
    pg,
  ),
  ...each('pg', 'too-large', ['54000', '54001', '54023'], pg),
  {
    what: 'pg 08P01 by too many parameters',
    error: pg('08P01', 'bind message supplies 14472 parameters, but prepared statement "" requires 80008'),
    kind: 'too-large',
  },
  ...each(
    'pg without a code:',
    'not-applied',
    [
      'timeout exceeded when trying to connect',
      'timeout expired',
      'Connection terminated due to connection timeout',
    ],
    (message) => new Error(String(message)),
  ),
  {
    what: 'pg-pool timeout with its cause',
    error: new Error('Connection terminated due to connection timeout', {
      cause: new Error('Connection terminated unexpectedly'),
    }),
    kind: 'not-applied',
  },
  ...each(
    'pg without a code:',
    'unknown-outcome',
    [
      'Connection terminated unexpectedly',
      'Connection terminated',
      'Query read timeout',
      'Client has encountered a connection error and is not queryable',
    ],
    (message) => new Error(String(message)),
  ),
  ...each(
    'pg without a code:',
    'run-wide',
    [
      'Cannot use a pool after calling end on the pool',
      'Client was closed and is not queryable',
      'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string',
      'The server does not support SSL connections',
    ],
    (message) => new Error(String(message)),
  ),
  ...(
    [
      ['CONNECT_TIMEOUT', 'not-applied'],
      ['CONNECTION_CLOSED', 'unknown-outcome'],
      ['CONNECTION_DESTROYED', 'unknown-outcome'],
      ['CONNECTION_ENDED', 'run-wide'],
      ['SASL_SIGNATURE_MISMATCH', 'run-wide'],
      ['MAX_PARAMETERS_EXCEEDED', 'too-large'],
      ['UNDEFINED_VALUE', 'bad-records'],
    ] as const
  ).map(([code, kind]) => ({
    what: `postgres.js ${code}`,
    error: errorWith({ code, errno: code, address: '127.0.0.1' }, `write ${code} 127.0.0.1:5432`),
    kind: kind as FailureKind,
  })),
];

const mysql = (errno: string | number) =>
  errorWith({ code: `ER_${errno}`, errno, sqlState: 'HY000', sqlMessage: 'it failed' });

const MYSQL: readonly Case[] = [
  ...each(
    'mysql2',
    'not-applied',
    [1213, 1205, 1020, 1614, 3572, 1040, 1203, 1226, 1042, 2002, 2003, 2005],
    mysql,
  ),
  ...each('mysql2', 'unknown-outcome', [2006, 2013, 1053, 1317, 1927, 1152, 1180], mysql),
  ...each(
    'mysql2',
    'bad-records',
    [1062, 1048, 1264, 1366, 1406, 1451, 1452, 1364, 1526, 1644, 3819, 4025],
    mysql,
  ),
  ...each('mysql2', 'run-wide', [1045, 1044, 1049, 1054, 1064, 1146, 1290, 1114, 1021, 1251, 1836], mysql),
  ...each('mysql2', 'too-large', [1153, 1390], mysql),
  ...each('mysql2', 'unknown-outcome', ['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_SEQUENCE_TIMEOUT'], (code) =>
    errorWith({ code, fatal: true }),
  ),
  {
    what: 'mysql2 ECONNRESET',
    error: errorWith({ code: 'ECONNRESET', errno: -104, syscall: 'read', fatal: true }),
    kind: 'unknown-outcome',
  },
  {
    what: 'mysql2 ETIMEDOUT while connecting',
    error: errorWith({ code: 'ETIMEDOUT', errorno: 'ETIMEDOUT', syscall: 'connect', fatal: true }),
    kind: 'not-applied',
  },
  {
    what: 'mysql2 on a closed connection',
    error: errorWith({ fatal: true }, "Can't add new command when connection is in closed state"),
    kind: 'not-applied',
  },
  ...each(
    'mysql2:',
    'not-applied',
    ['No connections available.', 'Queue limit reached.'],
    (message) => new Error(String(message)),
  ),
  { what: 'mysql2: Pool is closed.', error: new Error('Pool is closed.'), kind: 'run-wide' },
  ...each(
    'mysql2',
    'run-wide',
    ['HANDSHAKE_NO_SSL_SUPPORT', 'HANDSHAKE_SSL_ERROR', 'PROTOCOL_ENQUEUE_AFTER_QUIT'],
    (code) => errorWith({ code, fatal: true }),
  ),
  ...each('mariadb', 'not-applied', [45010, 45012, 45013, 45028, 45061], mysql),
  ...each('mariadb', 'run-wide', [45023, 45027], mysql),
  { what: 'mariadb 45046', error: mysql(45046), kind: 'too-large' },
  ...each('mariadb', 'unknown-outcome', [45004, 45009, 45011, 45026], mysql),
  {
    what: 'mysql2, a number of no table, by its SQLSTATE',
    error: errorWith({ code: 'ER_X', errno: 9999, sqlState: '23000' }),
    kind: 'bad-records',
  },
];

const sqlite = (errcode: string | number) =>
  errorWith({ code: 'ERR_SQLITE_ERROR', errcode, errstr: 'it failed' });

const SQLITE: readonly Case[] = [
  ...each('node:sqlite', 'not-applied', [5, 261, 517, 773, 6, 262, 15, 17, 4], sqlite),
  ...each('node:sqlite', 'bad-records', [18, 19, 275, 787, 1299, 1555, 1811, 2067, 20], sqlite),
  ...each('node:sqlite', 'run-wide', [1, 3, 7, 8, 264, 10, 266, 778, 1034, 11, 13, 14, 23, 26], sqlite),
  {
    what: 'node:sqlite 1 by too many variables',
    error: errorWith({ code: 'ERR_SQLITE_ERROR', errcode: 1 }, 'too many SQL variables'),
    kind: 'too-large',
  },
  ...(
    [
      ['SQLITE_BUSY', 'not-applied'],
      ['SQLITE_BUSY_SNAPSHOT', 'not-applied'],
      ['SQLITE_LOCKED_SHAREDCACHE', 'not-applied'],
      ['SQLITE_CONSTRAINT_UNIQUE', 'bad-records'],
      ['SQLITE_TOOBIG', 'bad-records'],
      ['SQLITE_READONLY_DBMOVED', 'run-wide'],
      ['SQLITE_IOERR_FSYNC', 'run-wide'],
      ['SQLITE_FULL', 'run-wide'],
      ['SQLITE_INTERRUPT', 'aborted'],
    ] as const
  ).map(([code, kind]) => ({
    what: `better-sqlite3 ${code}`,
    error: errorWith({ name: 'SqliteError', code }),
    kind: kind as FailureKind,
  })),
];

const mongo = (code: string | number) => errorWith({ name: 'MongoServerError', code, errorLabels: [] });
const labelled = (...errorLabels: string[]) => errorWith({ name: 'MongoServerError', code: 1, errorLabels });

const MONGODB: readonly Case[] = [
  ...each(
    'mongodb',
    'unknown-outcome',
    [6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 64],
    mongo,
  ),
  { what: 'mongodb 134', error: mongo(134), kind: 'not-applied' },
  { what: 'mongodb 462', error: mongo(462), kind: 'throttled' },
  ...each('mongodb', 'bad-records', [11000, 121], mongo),
  ...each('mongodb', 'run-wide', [13, 18], mongo),
  ...each('mongodb', 'too-large', [10334, 17280], mongo),
  {
    what: 'mongodb, overloaded',
    error: labelled('SystemOverloadedError', 'RetryableError'),
    kind: 'throttled',
  },
  {
    what: 'mongodb, overloaded, not retryable',
    error: labelled('SystemOverloadedError'),
    kind: 'unrecognised',
  },
  {
    what: 'mongodb, nothing written',
    error: labelled('RetryableWriteError', 'NoWritesPerformed'),
    kind: 'not-applied',
  },
  { what: 'mongodb RetryableWriteError', error: labelled('RetryableWriteError'), kind: 'unknown-outcome' },
  { what: 'mongodb, transaction', error: labelled('TransientTransactionError'), kind: 'not-applied' },
  {
    what: 'mongodb, commit',
    error: labelled('TransientTransactionError', 'UnknownTransactionCommitResult'),
    kind: 'unknown-outcome',
  },
  {
    what: 'mongodb bulk with a duplicate',
    error: errorWith({ name: 'MongoBulkWriteError', code: 11000, writeErrors: [{ index: 3, code: 11000 }] }),
    kind: 'bad-records',
  },
  {
    what: 'mongodb bulk with a shutdown and a duplicate',
    error: errorWith({ name: 'MongoBulkWriteError', code: 91, writeErrors: [{ code: 91 }, { code: 11000 }] }),
    kind: 'bad-records',
  },
  {
    what: 'mongodb bulk with a shutdown and an unknown error',
    error: errorWith({ name: 'MongoBulkWriteError', code: 91, writeErrors: [{ code: 91 }, { code: 5 }] }),
    kind: 'unrecognised',
  },
  {
    what: 'mongodb bulk of the client, without a code',
    error: errorWith({ name: 'MongoClientBulkWriteError', writeErrors: new Map([[3, { code: 121 }]]) }),
    kind: 'bad-records',
  },
  ...(
    [
      ['MongoServerSelectionError', 'not-applied'],
      ['MongoPoolClearedError', 'not-applied'],
      ['MongoNetworkError', 'unknown-outcome'],
      ['MongoNetworkTimeoutError', 'unknown-outcome'],
      ['MongoTopologyClosedError', 'run-wide'],
    ] as const
  ).map(([name, kind]) => ({
    what: `mongodb ${name}`,
    error: errorWith({ name, errorLabels: [] }),
    kind: kind as FailureKind,
  })),
];

/** One item of the reply to a bulk request, as it is recorded. */
const item = (status: number, type: string) => ({
  _index: 'orders',
  status,
  error: { type, reason: 'it failed' },
});
const elasticClient = (name: string, message: string) => errorWith({ name, meta: { meta: {} } }, message);

const ELASTICSEARCH: readonly Case[] = [
  ...(
    [
      [429, 'es_rejected_execution_exception', 'throttled'],
      [429, 'rejected_execution_exception', 'throttled'],
      [429, 'circuit_breaking_exception', 'throttled'],
      [503, 'unavailable_shards_exception', 'not-applied'],
      [503, 'no_shard_available_action_exception', 'throttled'],
      [400, 'mapper_parsing_exception', 'bad-records'],
      [400, 'document_parsing_exception', 'bad-records'],
      [400, 'strict_dynamic_mapping_exception', 'bad-records'],
      [400, 'illegal_argument_exception', 'bad-records'],
      [409, 'version_conflict_engine_exception', 'bad-records'],
      [404, 'index_not_found_exception', 'run-wide'],
      [400, 'index_closed_exception', 'run-wide'],
      [403, 'security_exception', 'run-wide'],
    ] as const
  ).map(([status, type, kind]) => ({
    what: `elasticsearch item ${status} ${type}`,
    error: item(status, type),
    kind: kind as FailureKind,
  })),
  {
    what: 'elasticsearch item 403 cluster_block_exception',
    error: item(403, 'cluster_block_exception'),
    kind: 'throttled',
    retryAfterMs: 30_000,
  },
  ...([500, 502, 504] as const).map((statusCode) => ({
    what: `elasticsearch request ${statusCode}`,
    error: errorWith({ name: 'ResponseError', statusCode, body: null, meta: {} }),
    kind: 'unknown-outcome' as const,
  })),
  {
    what: 'elasticsearch request 429',
    error: errorWith({
      name: 'ResponseError',
      statusCode: 429,
      body: { error: { type: 'es_rejected_execution_exception' } },
      headers: { 'retry-after': '5' },
    }),
    kind: 'throttled',
    retryAfterMs: 5_000,
  },
  {
    what: 'elasticsearch request 413',
    error: errorWith({ name: 'ResponseError', statusCode: 413, body: '' }),
    kind: 'too-large',
  },
  {
    what: 'elasticsearch TimeoutError',
    error: elasticClient('TimeoutError', 'Request timed out'),
    kind: 'unknown-outcome',
  },
  {
    what: 'elasticsearch ConnectionError while connecting',
    error: elasticClient('ConnectionError', 'connect ECONNREFUSED 127.0.0.1:9200'),
    kind: 'not-applied',
  },
  {
    what: 'elasticsearch ConnectionError',
    error: elasticClient('ConnectionError', 'socket hang up'),
    kind: 'unknown-outcome',
  },
  ...each(
    'elasticsearch ConnectionError:',
    'run-wide',
    [
      'self-signed certificate',
      'certificate has expired',
      'unable to verify the first certificate',
      "Hostname/IP does not match certificate's altnames: Host: localhost. is not cert's CN: elsewhere",
      '400DA616647F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number',
    ],
    (message) => elasticClient('ConnectionError', String(message)),
  ),
  {
    what: 'elasticsearch ConnectionError, no such host',
    error: elasticClient('ConnectionError', 'getaddrinfo ENOTFOUND exmaple.com'),
    kind: 'not-applied',
    attempts: 2,
  },
  { what: "another's ConnectionError", error: errorWith({ name: 'ConnectionError' }), kind: 'unrecognised' },
  {
    what: 'elasticsearch NoLivingConnectionsError',
    error: elasticClient('NoLivingConnectionsError', 'none'),
    kind: 'not-applied',
  },
  {
    what: 'elasticsearch RequestAbortedError',
    error: elasticClient('RequestAbortedError', 'Request aborted'),
    kind: 'aborted',
  },
];

const reply = (message: string | number) => errorWith({ name: 'ReplyError' }, String(message));

const REDIS: readonly Case[] = [
  ...each(
    'redis',
    'not-applied',
    ['Connection timeout', 'The client is offline', 'All the root nodes are unavailable'],
    (message) => new Error(String(message)),
  ),
  ...each(
    'redis',
    'unknown-outcome',
    ['Socket closed unexpectedly', 'Connection is closed.'],
    (message) => new Error(String(message)),
  ),
  { what: 'redis, closed by us', error: new Error('The client is closed'), kind: 'run-wide' },
  {
    what: 'redis, a reply of no table',
    error: reply('ERR value is not an integer'),
    kind: 'unrecognised',
  },
];

const own = (code: ConstructorParameters<typeof PipelineError>[0]['code'], cause?: unknown) =>
  new PipelineError({ code, message: 'it failed', cause });

const OWN: readonly Case[] = [
  { what: 'REFUSED_RECORD', error: own('REFUSED_RECORD'), kind: 'bad-records' },
  { what: 'INVALID_RECORD', error: own('INVALID_RECORD'), kind: 'bad-records' },
  { what: 'SINK_CLOSED', error: own('SINK_CLOSED', errorWith({ code: 'EPIPE' })), kind: 'aborted' },
  { what: 'ABORTED', error: own('ABORTED'), kind: 'aborted' },
  { what: 'MISSING_PACKAGE', error: own('MISSING_PACKAGE'), kind: 'run-wide' },
  { what: 'WRITE_FAILED without a cause', error: own('WRITE_FAILED'), kind: 'unrecognised' },
  {
    what: 'SINK_FAILED by ECONNREFUSED',
    error: own('SINK_FAILED', errorWith({ code: 'ECONNREFUSED' })),
    kind: 'not-applied',
  },
  {
    what: 'an error that carries its failure',
    error: errorWith({ status: 401, failure: { kind: 'not-applied', why: 'an old token', maxRetries: 1 } }),
    kind: 'not-applied',
    attempts: 2,
  },
  {
    what: 'a field failure that is none',
    error: errorWith({ failure: { kind: 'bad' } }),
    kind: 'unrecognised',
  },
];

const UNKNOWN: readonly Case[] = [
  {
    what: 'a bug',
    error: new TypeError("Cannot read properties of undefined (reading 'id')"),
    kind: 'unrecognised',
  },
  { what: 'a RangeError', error: new RangeError('Invalid array length'), kind: 'unrecognised' },
  { what: 'a fetch of nothing known', error: new TypeError('fetch failed'), kind: 'unrecognised' },
  { what: 'an unknown code', error: errorWith({ code: 'E_WHATEVER' }), kind: 'unrecognised' },
  { what: 'a word that is no SQLSTATE', error: errorWith({ code: 'HELLO' }), kind: 'unrecognised' },
  {
    what: 'a message that only holds a known one',
    error: new Error('x: timeout expired'),
    kind: 'unrecognised',
  },
  {
    what: 'a known message under a code of its own',
    error: errorWith({ code: 'X' }, 'timeout expired'),
    kind: 'unrecognised',
  },
  { what: 'undefined', error: undefined, kind: 'unrecognised' },
  { what: 'null', error: null, kind: 'unrecognised' },
  { what: 'a string', error: 'ECONNREFUSED', kind: 'unrecognised' },
  { what: 'an empty AggregateError', error: new AggregateError([]), kind: 'unrecognised' },
];

const refused = errorWith({ code: 'ECONNREFUSED', syscall: 'connect' });

const WRAPPED: readonly Case[] = [
  {
    what: 'fetch failed by its cause',
    error: new TypeError('fetch failed', { cause: refused }),
    kind: 'not-applied',
  },
  {
    what: 'terminated by its cause',
    error: new TypeError('terminated', { cause: errorWith({ code: 'ENOSPC' }) }),
    kind: 'run-wide',
  },
  { what: 'terminated without a cause', error: new TypeError('terminated'), kind: 'unknown-outcome' },
  { what: 'other side closed', error: new Error('other side closed'), kind: 'unknown-outcome' },
  {
    what: 'happy eyeballs, all refused',
    error: Object.assign(
      new AggregateError([refused, errorWith({ code: 'ENETUNREACH', syscall: 'connect' })]),
      {
        code: 'ECONNREFUSED',
      },
    ),
    kind: 'not-applied',
  },
  {
    what: 'happy eyeballs, one forbidden',
    error: Object.assign(new AggregateError([refused, errorWith({ code: 'EACCES', syscall: 'connect' })]), {
      code: 'ECONNREFUSED',
    }),
    kind: 'run-wide',
  },
  {
    what: 'an AggregateError with an unknown part',
    error: new AggregateError([refused, new Error('who knows')]),
    kind: 'unrecognised',
  },
  {
    what: 'an AggregateError as a cause',
    error: new TypeError('fetch failed', { cause: new AggregateError([refused]) }),
    kind: 'not-applied',
  },
  {
    what: 'a wait asked for by the outer error',
    error: errorWith({ retryAfterMs: 9_000, cause: errorWith({ status: 503 }) }),
    kind: 'throttled',
    retryAfterMs: 9_000,
  },
  {
    what: 'several waits: the longest',
    error: new AggregateError([
      errorWith({ status: 429, retryAfterMs: 8_000 }),
      errorWith({ status: 429, retryAfterMs: 12_000 }),
    ]),
    kind: 'throttled',
    retryAfterMs: 12_000,
  },
];

/** Every case in which one error stands for the whole write. */
export const CASES: readonly Case[] = [
  ...NODE,
  ...UNDICI,
  ...CLIENTS,
  ...POSTGRES,
  ...MYSQL,
  ...SQLITE,
  ...MONGODB,
  ...ELASTICSEARCH,
  ...REDIS,
  ...OWN,
  ...UNKNOWN,
  ...WRAPPED,
];

/** Refusals of single records, taken together. */
export const PARTIAL_CASES: readonly Case[] = [
  {
    what: 'two refusals that may pass',
    error: new PartialWriteError(
      new Map<number, unknown>([
        [0, item(429, 'es_rejected_execution_exception')],
        [1, refused],
      ]),
    ),
    kind: 'throttled',
  },
  {
    what: 'one of two refusals for good',
    error: new PartialWriteError(
      new Map<number, unknown>([
        [0, item(429, 'es_rejected_execution_exception')],
        [1, item(400, 'mapper_parsing_exception')],
      ]),
    ),
    kind: 'bad-records',
  },
];
