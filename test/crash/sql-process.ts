/**
 * A process that loads a file into a table: `node sql-process.ts PLACE SOURCE LETTERS CONCURRENCY [KILL]`, where KILL is
 * `before 17` or `after 17`: it kills itself before it sends the 17th statement, or when it has sent it. Its transform
 * makes 0 to 3 rows of each record, so that chunks end between rows of one record.
 */
import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import mysql from 'mysql2';
import pg from 'pg';
import type { CheckpointStore } from '../../src/core/checkpoint.ts';
import type { PipelineError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor, many } from '../../src/index.ts';
import { deadLetterFile } from '../../src/sinks/dead-letter-file.ts';
import { mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';

const [place, source, letters, concurrency, kill] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
if (kill !== undefined) killAt(kill);

try {
  const { written, finishedAt } = await new BatchProcessor<{ id: number; content: string }, object>({
    source,
    sink: sinkOf(place),
    batchSize: 100,
    concurrency: Number(concurrency),
    checkpoint: {},
    deadLetters: deadLetterFile(letters),
    onInvalid: 'dead-letter',
    transform: ({ id, content }) => many([0, 1, 2].slice(0, id % 4).map((part) => ({ id, part, content }))),
    onProgress: ({ chunks }) => {
      if (chunks === 1) say('writing');
    },
  }).run();
  say(finishedAt === undefined ? `written ${written}` : 'finished');
} catch (error) {
  const { code } = error as PipelineError;
  say(code);
  if (code !== 'CHECKPOINT_LOCKED') console.error(error);
  process.exitCode = 1;
}

function sinkOf(place: string): Sink & { readonly ledger: CheckpointStore } {
  if (place.startsWith('postgres:')) return postgresSink({ url: place, table: 'orders' });
  if (place.startsWith('mysql:')) return mariadbSink({ url: place, table: 'orders' });
  return sqliteSink({ file: place, table: 'orders' });
}

function killAt(kill: string): void {
  const [when, number] = kill.split(' ') as [string, string];
  let count = 0;
  const watch = (prototype: object, name: string) => {
    const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[name]!;
    methods[name] = function watched(...args: unknown[]) {
      const isNow = ++count === Number(number);
      if (isNow && when === 'before') process.kill(process.pid, 'SIGKILL');
      const result = original.apply(this, args);
      if (isNow && place.includes('://')) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
      else if (isNow) process.kill(process.pid, 'SIGKILL');
      return result;
    };
  };
  watch(pg.Client.prototype, 'query');
  watch((mysql as unknown as { Connection: { prototype: object } }).Connection.prototype, 'query');
  watch(DatabaseSync.prototype, 'exec');
}

/** At once, so that what was said before a crash is known. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}
