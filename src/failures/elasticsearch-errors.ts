import { type Failure, failureTable } from './failure.ts';

/** `type` of an error, of one item of a bulk or of a whole request. Its status decides where the type is not listed. */
export const ELASTICSEARCH_TYPES = failureTable({
  'not-applied': ['unavailable_shards_exception'],
  throttled: [
    'es_rejected_execution_exception',
    'rejected_execution_exception', // OpenSearch
    'circuit_breaking_exception',
    'cluster_block_exception', // most often a disk that is nearly full
  ],
  'bad-records': [
    'mapper_parsing_exception',
    'document_parsing_exception',
    'strict_dynamic_mapping_exception',
    'illegal_argument_exception',
    'version_conflict_engine_exception', // a sink that chose the id takes it as success
  ],
  'run-wide': [
    'index_not_found_exception',
    'index_closed_exception', // a 400, but not about the records
    'invalid_index_name_exception',
    'security_exception',
  ],
});

/** Milliseconds to wait at least: the cluster looks at its disks every 30 s (`cluster.info.update.interval`). */
export const ELASTICSEARCH_WAITS: ReadonlyMap<string, number> = new Map([
  ['cluster_block_exception', 30_000],
]);

/** `name` of errors of the client, which keep no code of what was below. All of them have `meta`, or a name of their own. */
export const ELASTICSEARCH_CLIENT_NAMES = failureTable({
  'not-applied': ['NoLivingConnectionsError'],
  'unknown-outcome': ['ConnectionError', 'DeserializationError'],
  'bad-records': ['SerializationError'],
  'run-wide': ['ConfigurationError', 'ProductNotSupportedError'],
  aborted: ['RequestAbortedError'],
});

/** A `ConnectionError` is of unknown outcome, but for these messages of what was below. Each matches without backtracking. */
export const ELASTICSEARCH_CONNECTIONS: readonly (readonly [message: RegExp, means: Omit<Failure, 'why'>])[] =
  [
    [/^getaddrinfo ENOTFOUND/, { kind: 'not-applied', maxRetriesAtFirst: 1 }],
    [/^(?:connect |getaddrinfo |Connect Timeout Error)/, { kind: 'not-applied' }],
    [/^Client network socket disconnected before secure TLS connection/, { kind: 'not-applied' }],
    // TLS: the same certificate will be shown again
    [/:SSL routines:/, { kind: 'run-wide' }],
    [/^(?:self-signed certificate|unable to (?:verify|get))/, { kind: 'run-wide' }],
    [/^(?:certificate |Hostname\/IP does not match certificate)/, { kind: 'run-wide' }],
  ];
