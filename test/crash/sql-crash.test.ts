import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { MariadbPlace } from '../sinks/mariadb-place.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';

const folder = mkdtempSync(join(tmpdir(), 'sql-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = Number(process.env['KILL_RECORDS'] ?? 8_000);
const source = join(folder, 'orders.ndjson');
const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24);
/** Some lines are no JSON: they go to the place for dead letters. */
const isMalformed = (id: number) => id % 1_499 === 7;
const line = (id: number) =>
  JSON.stringify({ id, content: hash(String(id)) }).slice(0, isMalformed(id) ? -1 : undefined);
const ids = Array.from({ length: COUNT }, (_, id) => id);
writeFileSync(source, ids.map((id) => `${line(id)}\n`).join(''));
const letters = join(folder, 'letters.ndjson');

/** What must be there, made without any of what is tested. */
const expected = ids
  .filter((id) => !isMalformed(id))
  .flatMap((id) => [0, 1, 2].slice(0, id % 4).map((part) => `${id} ${part} ${hash(String(id))}`))
  .toSorted();
const expectedLetters = ids.filter(isMalformed).map((id) => `${id} ${hash(line(id))}`);

/** Kills of each sequence: more of them with KILLS=100. */
const KILLS = Number(process.env['KILLS'] ?? 12);
/** Statements at which a process is killed: those of a few chunks, and now and then any up to the last one. */
const mostStatements = (kills: number) => (kills % (KILLS < 100 ? 4 : 40) === 0 ? COUNT / 20 : 30);
/** Milliseconds after which it is killed. */
const MOST_MS = 10;

interface Ending {
  readonly said: readonly string[];
  readonly wasKilled: boolean;
}

/** Runs the process. It is killed at a statement, or so many milliseconds after it began to write. */
function run(place: string, concurrency: number, kill?: string | number): Promise<Ending> {
  const program = join(import.meta.dirname, 'sql-process.ts');
  const args = [
    program,
    place,
    source,
    letters,
    String(concurrency),
    ...(typeof kill === 'string' ? [kill] : []),
  ];
  const child = spawn(process.execPath, ['--no-warnings', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (typeof kill === 'number') setTimeout(() => child.kill('SIGKILL'), kill);
  });
  return new Promise((done) => {
    child.on('close', (_code, signal) =>
      done({ said: output.trim().split('\n'), wasKilled: signal === 'SIGKILL' }),
    );
  });
}

/** The server may not have noticed yet that the last process is gone. */
async function runUnlocked(...args: Parameters<typeof run>): Promise<Ending> {
  for (;;) {
    const ending = await run(...args);
    if (!ending.said.includes('CHECKPOINT_LOCKED')) return ending;
    await wait(50);
  }
}

/** Numbers that look like chance and are the same every time. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Kills a run at one place after another, begins anew when it has come to its end, and looks at what is there each time. */
async function killAgainAndAgain({ url, clear, rows }: CrashPlace): Promise<void> {
  const chance = chances(KILLS);
  for (let kills = 0; kills < KILLS; ) {
    const at = chance.next().value;
    const statement = 1 + Math.floor(at * mostStatements(kills));
    const kill = [`before ${statement}`, `after ${statement}`, Math.floor(at * MOST_MS)][kills % 3]!;
    const { wasKilled, said } = await runUnlocked(url(), 1 + 3 * (kills % 2), kill);
    if (wasKilled) {
      kills++;
      continue;
    }
    expect(said.at(-1), `killed at ${kill}`).toMatch(/^(?:written|finished)/);
    await expectAll(rows);
    await clear();
    rmSync(letters);
  }
  expect((await runUnlocked(url(), 2)).said.at(-1)).toMatch(/^(?:written|finished)/);
  await expectAll(rows);
  rmSync(letters);
}

async function expectAll(rows: CrashPlace['rows']): Promise<void> {
  const found = (await rows()).map(
    ({ id, part, content }) => `${Number(id)} ${Number(part)} ${String(content)}`,
  );
  expect(found.toSorted()).toEqual(expected);
  const lines = readFileSync(letters, 'utf8').trim().split('\n');
  const setAside = lines.map((each) => JSON.parse(each) as { record: number; raw: string });
  expect(setAside.map(({ record, raw }) => `${record - 1} ${hash(raw)}`)).toEqual(expectedLetters);
}

interface CrashPlace {
  readonly url: () => string;
  readonly clear: () => Promise<void>;
  readonly rows: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const ROWS = 'SELECT id, part, content FROM orders';
const TITLE = `has every row once, after ${KILLS} kills at statements and at any time, of one chunk at once and of several`;
const LIMIT = { timeout: 60_000 + KILLS * 10_000 };

describe('sqliteSink() with its ledger', LIMIT, () => {
  const path = () => join(folder, 'orders.db');

  test(TITLE, () =>
    killAgainAndAgain({
      url: path,
      clear: async () => {
        for (const end of ['', '-wal', '-shm']) rmSync(`${path()}${end}`, { force: true });
      },
      rows: async () => {
        const db = new DatabaseSync(path());
        try {
          return db.prepare(ROWS).all();
        } finally {
          db.close();
        }
      },
    }),
  );
});

describe('postgresSink() with its ledger', LIMIT, async () => {
  const place = await PostgresPlace.reach();
  test(TITLE, () =>
    killAgainAndAgain({ url: () => place.url, clear: () => place.clear(), rows: () => place.sql(ROWS) }),
  );
});

describe('mariadbSink() with its ledger', LIMIT, async () => {
  const place = await MariadbPlace.reach();
  test(TITLE, () =>
    killAgainAndAgain({ url: () => place.url, clear: () => place.clear(), rows: () => place.sql(ROWS) }),
  );
});
