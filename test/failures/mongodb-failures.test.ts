import { describe, test } from 'vitest';
import { errorWith } from './cases.ts';
import { type Expected, expectFailure } from './expect-failure.ts';

/** A reply of a server, as it was recorded. */
interface Reply {
  readonly ok: 0 | 1;
  readonly code?: number;
  readonly codeName?: string;
  readonly errmsg?: string;
  readonly errorLabels?: readonly string[];
  readonly writeErrors?: readonly WriteErrorReply[];
  readonly writeConcernError?: { readonly code: number; readonly codeName: string; readonly errmsg: string };
}

interface WriteErrorReply {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

type Row = readonly [what: string, Reply, Expected];

const failed = (code: number, codeName: string, errmsg: string, ...errorLabels: string[]): Reply => ({
  ok: 0,
  code,
  codeName,
  errmsg,
  ...(errorLabels.length > 0 && { errorLabels }),
});
const refused = (...writeErrors: WriteErrorReply[]): Reply => ({ ok: 1, writeErrors });
const unknown = (why: string): Expected => ({ kind: 'unknown-outcome', why });
const wrong = (why: string): Expected => ({ kind: 'run-wide', why });
const bad = (why: string): Expected => ({ kind: 'bad-records', why });
const passing = (why: string): Expected => ({ kind: 'not-applied', why });

const DUPLICATE = {
  index: 0,
  code: 11000,
  errmsg: 'E11000 duplicate key error collection: shop.orders index: _id_ dup key: { _id: 1 }',
};
const INVALID = { index: 1, code: 121, errmsg: 'Document failed validation' };
const STEPPED_DOWN = { index: 2, code: 189, errmsg: 'operation was interrupted' };
const UNHEARD_OF = { index: 3, code: 99_999, errmsg: 'something new' };

const REPLIES: readonly Row[] = [
  ['it is no primary any more', failed(10107, 'NotWritablePrimary', 'not primary'), unknown('MongoDB 10107')],
  [
    'it is no primary any more, and was asked to be retried',
    failed(10107, 'NotWritablePrimary', 'not primary', 'RetryableWriteError'),
    unknown('RetryableWriteError'),
  ],
  [
    'it has stepped down',
    failed(189, 'PrimarySteppedDown', 'primary stepped down while waiting for replication'),
    unknown('MongoDB 189'),
  ],
  [
    'it is shutting down',
    failed(91, 'ShutdownInProgress', 'The server is in quiesce mode and will shut down'),
    unknown('MongoDB 91'),
  ],
  [
    'its state changes',
    failed(11602, 'InterruptedDueToReplStateChange', 'operation was interrupted'),
    unknown('MongoDB 11602'),
  ],
  [
    'it takes too long',
    failed(50, 'MaxTimeMSExpired', 'operation exceeded time limit'),
    unknown('MongoDB 50'),
  ],
  [
    'nothing was written',
    failed(91, 'ShutdownInProgress', 'shutting down', 'RetryableWriteError', 'NoWritesPerformed'),
    passing('NoWritesPerformed'),
  ],
  [
    'a transaction met another',
    failed(
      112,
      'WriteConflict',
      'Caused by :: Write conflict during plan execution and yielding is disabled.',
      'TransientTransactionError',
    ),
    passing('TransientTransactionError'),
  ],
  [
    'nobody knows of the commit',
    failed(50, 'MaxTimeMSExpired', 'operation exceeded time limit', 'UnknownTransactionCommitResult'),
    unknown('UnknownTransactionCommitResult'),
  ],
  [
    'it is asked too much',
    failed(
      462,
      'IngressRequestRateLimitExceeded',
      'Request rejected',
      'SystemOverloadedError',
      'RetryableError',
    ),
    { kind: 'throttled', why: 'SystemOverloadedError and RetryableError' },
  ],
  [
    'it is asked too much, without labels',
    failed(462, 'IngressRequestRateLimitExceeded', 'Request rejected'),
    { kind: 'throttled', why: 'MongoDB 462' },
  ],
  [
    'the record is too large',
    failed(10334, 'BSONObjectTooLarge', 'BSONObj size: 17000000 is invalid.'),
    { kind: 'too-large', why: 'MongoDB 10334' },
  ],
  [
    'we must not write',
    failed(13, 'Unauthorized', 'not authorized on shop to execute command'),
    wrong('MongoDB 13'),
  ],
  ['we are not known', failed(18, 'AuthenticationFailed', 'Authentication failed.'), wrong('MongoDB 18')],
  [
    'of a command that makes no sense',
    failed(59, 'CommandNotFound', "no such command: 'nonsense'"),
    { kind: 'unrecognised', why: 'MongoDB 59' },
  ],
  [
    'it has not been replicated',
    {
      ok: 1,
      writeConcernError: {
        code: 64,
        codeName: 'WriteConcernFailed',
        errmsg: 'waiting for replication timed out',
      },
    },
    unknown('MongoDB 64'),
  ],
  ['a key is taken', refused(DUPLICATE), bad('MongoDB 11000')],
  ['a record is not valid', refused(INVALID), bad('MongoDB 121')],
  ['a key is taken and it has stepped down', refused(STEPPED_DOWN, DUPLICATE), bad('MongoDB 11000')],
  ['it has stepped down twice', refused(STEPPED_DOWN, { ...STEPPED_DOWN, index: 4 }), unknown('MongoDB 189')],
  ['of something new', refused(STEPPED_DOWN, UNHEARD_OF), { kind: 'unrecognised', why: 'MongoDB 99999' }],
];

/** What the driver says of itself. */
const DRIVER: readonly (readonly [name: string, message: string, kind: Expected['kind']])[] = [
  ['MongoServerSelectionError', 'connect ECONNREFUSED 127.0.0.1:27017', 'not-applied'],
  [
    'MongoWaitQueueTimeoutError',
    'Timed out while checking out a connection from connection pool',
    'not-applied',
  ],
  ['MongoPoolClearedError', 'Connection pool for 127.0.0.1:27017 was cleared', 'not-applied'],
  ['MongoNetworkError', 'connection 1 to 127.0.0.1:27017 closed', 'unknown-outcome'],
  ['MongoNetworkTimeoutError', 'connection 1 to 127.0.0.1:27017 timed out', 'unknown-outcome'],
  [
    'MongoPoolClearedOnNetworkError',
    'Connection to 127.0.0.1:27017 interrupted due to server monitor timeout',
    'unknown-outcome',
  ],
  ['MongoOperationTimeoutError', 'Timed out after 100ms', 'unknown-outcome'],
  ['MongoNotConnectedError', 'Client must be connected before running operations', 'run-wide'],
  ['MongoTopologyClosedError', 'Topology is closed', 'run-wide'],
];

describe('MongoDB refuses because', () => {
  test.for(REPLIES)('%s', async ([, reply, expected]) => {
    await expectFailure(serverError(reply), expected);
  });

  test.for(DRIVER)('of a %s', async ([name, message, kind]) => {
    await expectFailure(errorWith({ name, errorLabels: [] }, message), { kind, why: name });
  });
});

/** The error that the driver makes of a reply. */
function serverError(reply: Reply): Error {
  const { writeErrors, writeConcernError, errmsg, errorLabels = [], ...fields } = reply;
  const [first] = writeErrors ?? [];
  if (first !== undefined)
    return errorWith(
      { name: 'MongoBulkWriteError', code: first.code, writeErrors, errorLabels },
      first.errmsg,
    );
  if (writeConcernError !== undefined)
    return errorWith(
      { name: 'MongoWriteConcernError', ...fields, ...writeConcernError, errorLabels },
      writeConcernError.errmsg,
    );
  return errorWith({ name: 'MongoServerError', ...fields, errorLabels }, errmsg);
}
