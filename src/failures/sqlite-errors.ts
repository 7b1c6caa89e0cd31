import { failureTable } from './failure.ts';

/** Primary result codes of SQLite. Extended ones (`SQLITE_BUSY_SNAPSHOT`, `SQLITE_CONSTRAINT_UNIQUE`) follow theirs. */
export const SQLITE_ERRORS = failureTable({
  // one file, one transaction: whatever failed was rolled back
  'not-applied': ['SQLITE_ABORT', 'SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL', 'SQLITE_SCHEMA'],
  'bad-records': ['SQLITE_TOOBIG', 'SQLITE_CONSTRAINT', 'SQLITE_MISMATCH'],
  'run-wide': [
    'SQLITE_ERROR', // no such table, no such column, syntax
    'SQLITE_INTERNAL',
    'SQLITE_PERM',
    'SQLITE_NOMEM',
    'SQLITE_READONLY',
    'SQLITE_IOERR',
    'SQLITE_CORRUPT',
    'SQLITE_NOTFOUND',
    'SQLITE_FULL',
    'SQLITE_CANTOPEN',
    'SQLITE_MISUSE',
    'SQLITE_NOLFS',
    'SQLITE_AUTH',
    'SQLITE_RANGE',
    'SQLITE_NOTADB',
  ],
  aborted: ['SQLITE_INTERRUPT'],
});

/** `node:sqlite` gives the number (extended: the primary one is its low byte), other packages the name. */
export const SQLITE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'SQLITE_ERROR'],
  [2, 'SQLITE_INTERNAL'],
  [3, 'SQLITE_PERM'],
  [4, 'SQLITE_ABORT'],
  [5, 'SQLITE_BUSY'],
  [6, 'SQLITE_LOCKED'],
  [7, 'SQLITE_NOMEM'],
  [8, 'SQLITE_READONLY'],
  [9, 'SQLITE_INTERRUPT'],
  [10, 'SQLITE_IOERR'],
  [11, 'SQLITE_CORRUPT'],
  [12, 'SQLITE_NOTFOUND'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [15, 'SQLITE_PROTOCOL'],
  [17, 'SQLITE_SCHEMA'],
  [18, 'SQLITE_TOOBIG'],
  [19, 'SQLITE_CONSTRAINT'],
  [20, 'SQLITE_MISMATCH'],
  [21, 'SQLITE_MISUSE'],
  [22, 'SQLITE_NOLFS'],
  [23, 'SQLITE_AUTH'],
  [25, 'SQLITE_RANGE'],
  [26, 'SQLITE_NOTADB'],
]);
