import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { randomFrom } from '../../src/testing/random.ts';

/** Kills of each sequence, and records of the source: the script `test:kill` takes more of both. */
const KILLS = Number(process.env['KILLS'] ?? 8);
const COUNT = Number(process.env['KILL_RECORDS'] ?? 20_000);
const BATCH_SIZE = 200;
/** Kills before a load may come to its end. */
const KILLS_A_LOAD = 4;
const LIMIT = { timeout: 60_000 + KILLS * 10_000 };

const root = mkdtempSync(join(tmpdir(), 'kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

const content = (id: number) => createHash('sha256').update(String(id)).digest('hex').slice(0, 24);
const source = join(root, 'rows.ndjson');
writeFileSync(
  source,
  Array.from({ length: COUNT }, (_, id) => `${JSON.stringify({ id, content: content(id) })}\n`).join(''),
);

/** A file is committed once a second: a load must take longer to be interrupted behind a commit. */
const slow = join(root, 'slow.mjs');
writeFileSync(
  slow,
  `export default async (row) => {
     if (row.id % ${COUNT / 20} === 0) await new Promise((done) => setTimeout(done, 120));
     return row;
   };`,
);

/** What is wrong with the rows that are there: made without any of what is tested. */
function judge(rows: readonly { readonly id: number; readonly content: string }[]) {
  const times = new Map<number, number>();
  let changed = 0;
  for (const row of rows) {
    times.set(row.id, (times.get(row.id) ?? 0) + 1);
    if (row.content !== content(row.id)) changed++;
  }
  const twice = [...times.values()].filter((count) => count > 1).length;
  return { lost: COUNT - times.size, twice, changed };
}

/** The process that runs now. */
let running: ChildProcess | undefined;

/**
 * Runs the command again and again: it is killed some times, at random, before it may come to its end.
 * @param mostMs 0 for kills that come from elsewhere
 */
async function killUntilDone(
  folder: string,
  args: readonly string[],
  mostMs: number,
  random: () => number,
): Promise<number> {
  let kills = 0;
  for (let runs = 0; runs < 2 * KILLS_A_LOAD; runs++) {
    const command = ['--no-warnings', MAIN, 'run', source, ...args, '--batch-size', String(BATCH_SIZE)];
    const child = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    running = child;
    const after = kills < KILLS_A_LOAD && mostMs > 0 ? Math.floor(random() * mostMs) : undefined;
    const { code, signal } = await killedOrDone(child, after);
    if (signal === 'SIGKILL') kills++;
    else if (code === 0) return kills;
    else throw new Error(`The command ended with ${code}`);
  }
  throw new Error('The command never came to its end');
}

/** The time counts from its first output: by then it has loaded what it needs. */
function killedOrDone(child: ChildProcess, afterMs: number | undefined) {
  if (afterMs !== undefined)
    child.stderr?.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
  child.stderr?.resume();
  return new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.on('close', (code, signal) => done({ code, signal }));
  });
}

describe('A load that is killed again and again', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'test-'));
  });

  test.each(['out.ndjson', 'out.json', 'out.ndjson.gz'])(
    `into %s has every record once, after ${KILLS} kills at least`,
    LIMIT,
    async (name) => {
      const random = randomFrom(KILLS + name.length);
      const expected = Array.from({ length: COUNT }, (_, id) => ({ id, content: content(id) }));
      for (let kills = 0; kills < KILLS; ) {
        kills += await killUntilDone(folder, [name, '--transform', slow], 2_500, random);
        const bytes = readFileSync(join(folder, name));
        const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
        const rows =
          name.includes('.json') && !name.includes('.ndjson')
            ? JSON.parse(text)
            : text
                .trim()
                .split('\n')
                .map((line) => JSON.parse(line) as unknown);
        expect(rows).toEqual(expected);
        expect(readdirSync(folder).filter((each) => each.endsWith('.partial'))).toEqual([]);
        for (const each of readdirSync(folder)) rmSync(join(folder, each));
      }
    },
  );

  describe('over HTTP', () => {
    let server: Server;
    let url: string;
    let rows: { id: number; content: string }[];
    let seen: Set<string>;
    let isKeyed: boolean;
    /** Called when records are there and the answer is not yet given. */
    let onApplied: () => void;
    beforeEach(async () => {
      rows = [];
      seen = new Set();
      onApplied = () => {};
      server = createServer((request, response) => {
        let body = '';
        request.on('data', (data: Buffer) => (body += data.toString()));
        request.on('end', () => {
          const key = String(request.headers['idempotency-key']);
          if (!isKeyed || !seen.has(key)) rows.push(...(JSON.parse(body) as typeof rows));
          seen.add(key);
          onApplied();
          setTimeout(() => response.end(), 3); // applied, and not yet answered
        });
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rows`;
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    test.each([1, 4])(
      `with keys has every record once, after ${KILLS} kills at least, with %i chunks at once`,
      LIMIT,
      async (concurrency) => {
        isKeyed = true;
        const random = randomFrom(KILLS + concurrency);
        for (let kills = 0; kills < KILLS; ) {
          rows.length = 0;
          seen.clear();
          kills += await killUntilDone(folder, [url, '--concurrency', String(concurrency)], 500, random);
          expect(judge(rows)).toEqual({ lost: 0, twice: 0, changed: 0 });
          forget();
        }
      },
    );

    test(
      `without keys loses none, and repeats no more than was in flight, after ${KILLS} kills at least`,
      LIMIT,
      async () => {
        isKeyed = false;
        const concurrency = 3;
        const random = randomFrom(KILLS);
        let repeated = 0;
        for (let kills = 0; kills < KILLS; ) {
          rows.length = 0;
          onApplied = killingAtRequests(random);
          const killed = await killUntilDone(folder, [url, '--concurrency', String(concurrency)], 0, random);
          const { lost, twice, changed } = judge(rows);
          expect({ lost, changed }).toEqual({ lost: 0, changed: 0 });
          // one chunk more may be written, and about to be noted
          expect(twice).toBeLessThanOrEqual(killed * (concurrency + 1) * BATCH_SIZE);
          repeated += twice;
          kills += killed;
          forget();
        }
        expect(repeated, 'what cannot be exactly once must show it').toBeGreaterThan(0);
      },
    );

    /** Some processes, one after another, are killed when the records of one of their requests are there, unanswered. */
    function killingAtRequests(random: () => number): () => void {
      const killed = new Set<ChildProcess>();
      let requests = 0;
      let at = 1;
      return () => {
        if (killed.size === KILLS_A_LOAD || running === undefined || killed.has(running) || ++requests < at)
          return;
        running.kill('SIGKILL');
        killed.add(running);
        requests = 0;
        at = 1 + Math.floor(random() * 15);
      };
    }

    /** The checkpoint lies beside the source. */
    function forget(): void {
      const left = readdirSync(root).filter((name) => name.includes('.checkpoint'));
      expect(left.length).toBeGreaterThan(0);
      for (const name of left) if (existsSync(join(root, name))) rmSync(join(root, name));
    }
  });
});
