/**
 * Loads 231,083 flights from a JSON array into a SQLite file with the command, then asks the database.
 * Run it with `npm run demo`. The table is replaced, so that a second run shows the same rows.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const flights = 'node_modules/vega-datasets/data/flights-200k.json';
const database = 'demo/flights.db';
const query = `select (delay + 719) / 60 - 11 as hours_late, count(*) as flights, round(avg(distance)) as average_miles
from flights group by 1 order by 2 desc limit 5`;

mkdirSync('demo', { recursive: true });
run('run', flights, `sqlite:${database}?table=flights`, '--if-exists', 'replace', '--batch-size', '10000');

const db = new DatabaseSync(database, { readOnly: true });
console.log(`\n$ sqlite3 ${database} "select count(*) from flights"`);
console.log(db.prepare('select count(*) as count from flights').get()?.count);
console.log(`\n$ sqlite3 ${database} "${query}"`);
console.table(
  db
    .prepare(query)
    .all()
    .map((row) => ({ ...row })),
);
db.close();

function run(...args: readonly string[]): void {
  console.log(`$ chain-reaction ${args.map((arg) => (/[?&]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`);
  const { status } = spawnSync(process.execPath, ['bin/chain-reaction.js', ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
// prints: 231083
