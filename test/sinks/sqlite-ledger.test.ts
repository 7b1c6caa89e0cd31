import { readdirSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach } from 'vitest';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { temporaryFolder } from './folder.ts';
import { describeLedger } from './ledger-suite.ts';

const path = temporaryFolder();
beforeEach(() => {
  for (const name of readdirSync(path('.'))) rmSync(path(name));
});

describeLedger('sqliteSink()', {
  create: (options) => sqliteSink({ file: path('test.db'), table: 'orders', ...options }),
  sql: async (text) => {
    const db = new DatabaseSync(path('test.db'));
    try {
      return db
        .prepare(text)
        .all()
        .map((row) => ({ ...row }));
    } finally {
      db.close();
    }
  },
});
