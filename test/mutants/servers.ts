import type { Mutant } from './harness.ts';

/** Bugs that only show where a server of PostgreSQL is. */
export const SERVERS: readonly Mutant[] = [
  {
    name: 'takes a COMMIT without an answer for one that has failed',
    file: 'sinks/sql-transaction.ts',
    find: '    return ask(transaction, notes, error);\n',
    replace: '    throw asNotApplied(error);\n',
    test: 'sinks/postgres-ledger.test.ts',
    only: 'knows by itself that a chunk is written',
  },
  {
    name: 'takes a COMMIT without an answer for one that was applied',
    file: 'sinks/sql-transaction.ts',
    find: '  if (found.isNoted) return false;\n',
    replace: '  if (found.isNoted || found.holds) return false;\n',
    test: 'sinks/postgres-ledger.test.ts',
    only: 'has one copy of a chunk, noted',
  },
  {
    name: 'takes what it cannot ask about for applied',
    file: 'sinks/sql-transaction.ts',
    find: '  if (found === undefined) throw error; // the next attempt finds out\n',
    replace: '  if (found === undefined) return false;\n',
    test: 'sinks/postgres-ledger.test.ts',
    only: 'finds out at the next attempt when the server cannot be asked',
  },
  {
    name: 'raises no epoch when it takes over a run',
    file: 'sinks/postgres-ledger.ts',
    find: 'SET epoch = chain_reaction_run.epoch + 1 RETURNING epoch',
    replace: 'SET epoch = chain_reaction_run.epoch RETURNING epoch',
    test: 'sinks/postgres-ledger.test.ts',
    only: 'writes nothing more when another run has taken the lock that was lost',
  },
];
