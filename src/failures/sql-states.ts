import { failureTable } from './failure.ts';

/** SQLSTATE, the five characters of the SQL standard, as PostgreSQL uses them (appendix A of its manual). */
export const SQL_STATES = failureTable({
  'not-applied': [
    '40001', // serialization_failure: the whole transaction was rolled back
    '40P01', // deadlock_detected
    '40000', // transaction_rollback
    '55P03', // lock_not_available
    '55006', // object_in_use
    '53000', // insufficient_resources
    '53200', // out_of_memory
    '53300', // too_many_connections
    '57P03', // cannot_connect_now
    '08001', // the client could not connect
    '08004', // the server rejected the connection
    '25P03', // idle_in_transaction_session_timeout
    '25P04', // transaction_timeout
    '57014', // query_canceled, by statement_timeout
  ],
  'unknown-outcome': [
    '08000', // connection_exception
    '08003', // connection_does_not_exist
    '08006', // connection_failure
    '08007', // transaction_resolution_unknown
    '40003', // statement_completion_unknown
    '57P01', // admin_shutdown: rolled back, unless COMMIT was already sent
    '57P02', // crash_shutdown
    '57P05', // idle_session_timeout
    '58000', // system_error
    '58030', // io_error
  ],
  'bad-records': [
    '40002', // transaction_integrity_constraint_violation: a deferred constraint
    '54011', // too_many_columns
  ],
  'run-wide': [
    '08P01', // protocol_violation
    '53100', // disk_full
    '53400', // configuration_limit_exceeded
  ],
});

/** Whole classes, by the first two characters, for states that the table does not name. */
export const SQL_STATE_CLASSES = failureTable({
  'unknown-outcome': ['08'],
  'too-large': [
    '54', // program limit exceeded: too many arguments, a row or an index entry too big
  ],
  'bad-records': [
    '09', // triggered action exception
    '20', // case not found
    '21', // cardinality violation: two records of an upsert with one key
    '22', // data exception
    '23', // integrity constraint violation
    '27', // triggered data change violation
    '44', // WITH CHECK OPTION violation
    '45', // SIGNAL of a trigger of MySQL or MariaDB
    'P0', // RAISE of a trigger of PostgreSQL
  ],
  'run-wide': [
    '03', // SQL statement not yet complete
    '07', // dynamic SQL
    '0A', // feature not supported
    '0B', // invalid transaction initiation
    '0L', // invalid grantor
    '0P', // invalid role
    '24', // invalid cursor state
    '25', // invalid transaction state
    '26', // invalid statement name
    '28', // invalid authorization
    '2A', // syntax or access rule
    '2B', // dependent privileges
    '2D', // invalid transaction termination
    '2F', // SQL routine
    '34', // invalid cursor name
    '37', // syntax or access rule
    '38', // external routine
    '39', // external routine invocation
    '3B', // savepoint
    '3D', // no such database
    '3F', // no such schema
    '42', // syntax error, no such table or column, insufficient privilege
    '55', // object not in prerequisite state
    '57', // operator intervention
    '58', // system error
    'F0', // configuration file
    'HV', // foreign data
    'XX', // internal error, damaged data
  ],
});
