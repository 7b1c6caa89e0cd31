import { type FailureKind, failureTable } from './failure.ts';

/** Labels that a MongoDB server or driver puts on an error: all of a row must be there. The more telling ones first. */
export const MONGODB_LABELS: readonly (readonly [labels: readonly string[], kind: FailureKind])[] = [
  [['SystemOverloadedError', 'RetryableError'], 'throttled'],
  [['NoWritesPerformed'], 'not-applied'],
  [['UnknownTransactionCommitResult'], 'unknown-outcome'],
  [['TransientTransactionError'], 'not-applied'],
  // The driver resends under the number of its transaction, and then it is safe; a resend of ours has a new number.
  [['RetryableWriteError'], 'unknown-outcome'],
];

/** Codes of the specification of retryable writes, and those that are about the data or the run. */
export const MONGODB_CODES = failureTable({
  'not-applied': [
    134, // ReadConcernMajorityNotAvailableYet: only of reads
  ],
  // A part of a bulk may have been written before the primary stepped down.
  'unknown-outcome': [
    6, // HostUnreachable
    7, // HostNotFound
    50, // MaxTimeMSExpired
    64, // WriteConcernFailed: written, not yet replicated
    89, // NetworkTimeout
    91, // ShutdownInProgress
    189, // PrimarySteppedDown
    262, // ExceededTimeLimit
    9001, // SocketException
    10107, // NotWritablePrimary
    11600, // InterruptedAtShutdown
    11602, // InterruptedDueToReplStateChange
    13435, // NotPrimaryNoSecondaryOk
    13436, // NotPrimaryOrSecondary
  ],
  throttled: [
    462, // IngressRequestRateLimitExceeded
  ],
  'too-large': [
    10334, // BSONObjectTooLarge
    17280, // KeyTooLong
  ],
  'bad-records': [
    11000, // DuplicateKey
    121, // DocumentValidationFailure
  ],
  'run-wide': [
    13, // Unauthorized
    18, // AuthenticationFailed
  ],
});

/** `name` of errors that came from the server, with its code. */
export const MONGODB_NAMES: ReadonlySet<string> = new Set([
  'MongoError',
  'MongoServerError',
  'MongoBulkWriteError',
  'MongoClientBulkWriteError',
  'MongoWriteConcernError',
]);

/** `name` of errors of the driver itself: the server was not reached, or the connection broke. */
export const MONGODB_DRIVER_NAMES = failureTable({
  'not-applied': ['MongoServerSelectionError', 'MongoPoolClearedError', 'MongoWaitQueueTimeoutError'],
  'unknown-outcome': [
    'MongoNetworkError',
    'MongoNetworkTimeoutError',
    'MongoPoolClearedOnNetworkError',
    'MongoOperationTimeoutError',
  ],
  'run-wide': [
    'MongoAuthenticationError',
    'MongoParseError',
    'MongoTopologyClosedError',
    'MongoNotConnectedError',
  ],
});
