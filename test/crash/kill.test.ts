import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCheckpointFile } from '../../src/checkpoint/file-checkpoint.ts';
import { randomFrom } from '../../src/testing/random.ts';

/** Kills of each sequence, and records of the source: the script `test:kill` takes more of both. */
const KILLS = Number(process.env['KILLS'] ?? 8);
const COUNT = Number(process.env['KILL_RECORDS'] ?? 20_000);
const BATCH_SIZE = 200;
/** Kills before a load may come to its end. */
const KILLS_A_LOAD = KILLS < 100 ? 4 : 10;
const LIMIT = { timeout: 60_000 + KILLS * 10_000 };

const root = mkdtempSync(join(tmpdir(), 'kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24);
const content = (id: number) => hash(String(id));
/** Some lines are no JSON: they go to the place for dead letters. */
const isMalformed = (id: number) => id % 1_999 === 7;
const line = (id: number) =>
  JSON.stringify({ id, content: content(id) }).slice(0, isMalformed(id) ? -1 : undefined);
const ids = Array.from({ length: COUNT }, (_, id) => id);
const source = join(root, 'rows.ndjson');
writeFileSync(source, ids.map((id) => `${line(id)}\n`).join(''));

/** A file is committed once a second: a load must take longer to be interrupted behind a commit. */
const slow = join(root, 'slow.mjs');
writeFileSync(
  slow,
  `export default async (row) => {
     if (row.id % ${COUNT / 20} === 0) await new Promise((done) => setTimeout(done, 120));
     return row;
   };`,
);

interface Row {
  readonly id: number;
  readonly content: string;
}

/** What is wrong with the rows that are there: made without any of what is tested. */
const judge = (rows: readonly Row[]) =>
  compare(
    rows.map((row) => `${row.id} ${row.content}`),
    ids.filter((id) => !isMalformed(id)).map((id) => `${id} ${content(id)}`),
  );

/** What is wrong with the dead letters. */
function judgeLetters(file: string) {
  const letters = linesOf(readFileSync(file, 'utf8')) as { record: number; raw: string }[];
  return compare(
    letters.map(({ record, raw }) => `${record - 1} ${hash(raw)}`),
    ids.filter(isMalformed).map((id) => `${id} ${hash(line(id))}`),
  );
}

/** @returns how many are missing, how often one came again, and how many should not be there */
function compare(found: readonly string[], expected: readonly string[]) {
  const times = new Map(expected.map((each) => [each, 0]));
  let foreign = 0;
  for (const each of found) {
    const before = times.get(each);
    if (before === undefined) foreign++;
    else times.set(each, before + 1);
  }
  const counts = [...times.values()];
  const again = counts.reduce((sum, count) => sum + Math.max(count - 1, 0), 0);
  return { lost: counts.filter((count) => count === 0).length, again, foreign };
}

const NOTHING_WRONG = { lost: 0, again: 0, foreign: 0 };

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as unknown);

/** Where a process may be killed while it writes a chunk over HTTP. */
const POINTS = ['before it is written', 'written and not answered', 'answered and not noted'] as const;
type Point = (typeof POINTS)[number];

/** The process that runs now. */
let running: ChildProcess | undefined;

/** What became of a load that was killed until it was done. */
interface Load {
  readonly kills: number;
  /** Whether the process that has finished it went on where another had been. */
  readonly wentOn: boolean;
}

/**
 * Runs the command again and again: it is killed some times, at random, and once when a part is noted, before it may come
 * to its end.
 * @param mostMs 0 for kills that come from elsewhere
 */
async function killUntilDone(
  folder: string,
  args: readonly string[],
  mostMs: number,
  random: () => number,
): Promise<Load> {
  let kills = 0;
  for (let runs = 0; runs < 2 * KILLS_A_LOAD; runs++) {
    const load = [...args, '--dead-letters', LETTERS, '--batch-size', String(BATCH_SIZE), '--json'];
    const command = ['--no-warnings', MAIN, 'run', source, ...load];
    const child = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running = child;
    if (mostMs > 0 && kills < KILLS_A_LOAD - 1) killAfter(child, Math.floor(random() * mostMs));
    if (mostMs > 0 && kills === KILLS_A_LOAD - 1) void killWhenNoted(child, [folder, root]);
    const { code, signal, output } = await ending(child);
    if (signal === 'SIGKILL') kills++;
    else if (code === WITH_LETTERS || code === 0) return { kills, wentOn: wentOn(output) };
    else throw new Error(`The command ended with ${code}`);
  }
  throw new Error('The command never came to its end');
}

const LETTERS = 'letters.ndjson';
/** The exit code of a load that has set records aside. */
const WITH_LETTERS = 3;

function wentOn(output: string): boolean {
  const { written } = JSON.parse(output) as { written: number };
  return written < ids.filter((id) => !isMalformed(id)).length;
}

/** The time counts from its first output: by then it has loaded what it needs. */
function killAfter(child: ChildProcess, ms: number): void {
  child.stderr?.once('data', () => setTimeout(() => child.kill('SIGKILL'), ms));
}

/** Not before there is something to go on with, however slow the machine is. */
async function killWhenNoted(child: ChildProcess, folders: readonly string[]): Promise<void> {
  const before = await recordsNoted(folders);
  while (child.exitCode === null && (await recordsNoted(folders)) <= before) await wait(20);
  child.kill('SIGKILL');
}

/** Records that a checkpoint says are done. */
async function recordsNoted(folders: readonly string[]): Promise<number> {
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const file = files.find((each) => each.endsWith('.checkpoint'));
  const found = file === undefined ? undefined : await readCheckpointFile(file);
  return found?.checkpoint.cursor?.records ?? 0;
}

function ending(child: ChildProcess) {
  child.stderr?.resume();
  let output = '';
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise<{ code: number | null; signal: string | null; output: string }>((done) => {
    child.on('close', (code, signal) => done({ code, signal, output }));
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
      const expected = ids.filter((id) => !isMalformed(id)).map((id) => ({ id, content: content(id) }));
      let continued = 0;
      for (let kills = 0; kills < KILLS; ) {
        const load = await killUntilDone(folder, [name, '--transform', slow], 2_500, random);
        kills += load.kills;
        if (load.wentOn) continued++;
        const bytes = readFileSync(join(folder, name));
        const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
        expect(name === 'out.json' ? JSON.parse(text) : linesOf(text)).toEqual(expected);
        expect(judgeLetters(join(folder, LETTERS))).toEqual(NOTHING_WRONG);
        expect(readdirSync(folder).filter((each) => each.endsWith('.partial'))).toEqual([]);
        for (const each of readdirSync(folder)) rmSync(join(folder, each));
      }
      expect(continued, 'loads that went on where the killed one had been').toBeGreaterThan(0);
    },
  );

  describe('over HTTP', () => {
    let server: Server;
    let url: string;
    let rows: Row[];
    let seen: Set<string>;
    let isKeyed: boolean;
    /** Called at each point of each request; the process may be killed there. */
    let at: (point: Point) => void;
    /** How often records came again to the process that runs now. */
    let repeated: Map<ChildProcess, number>;
    beforeEach(async () => {
      rows = [];
      seen = new Set();
      repeated = new Map();
      at = () => {};
      server = createServer((request, response) => {
        at('before it is written');
        let body = '';
        request.on('data', (data: Buffer) => (body += data.toString()));
        request.on('end', () => {
          const key = isKeyed ? String(request.headers['idempotency-key']) : hash(body);
          if (seen.has(key)) repeated.set(running!, (repeated.get(running!) ?? 0) + 1);
          if (!isKeyed || !seen.has(key)) rows.push(...(JSON.parse(body) as Row[]));
          seen.add(key);
          at('written and not answered');
          setTimeout(() => response.end(() => at('answered and not noted')), 3);
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
        for (let kills = 0, loads = 0; kills < KILLS; loads++) {
          const isAtPoints = loads % 2 === 0;
          at = isAtPoints ? killingAt(POINTS, random) : () => {};
          const args = [url, '--concurrency', String(concurrency)];
          kills += (await killUntilDone(folder, args, isAtPoints ? 0 : 500, random)).kills;
          expect(judge(rows)).toEqual(NOTHING_WRONG);
          forget();
        }
      },
    );

    test('with keys goes on at what was noted last, and not at the beginning', LIMIT, async () => {
      isKeyed = true;
      const { wentOn } = await killUntilDone(folder, [url, '--transform', slow], 2_500, randomFrom(KILLS));
      expect(wentOn).toBe(true);
      expect(judge(rows)).toEqual(NOTHING_WRONG);
      forget();
    });

    test(
      `without keys loses none, and repeats no more than was in flight, after ${KILLS} kills at least`,
      LIMIT,
      async () => {
        isKeyed = false;
        const concurrency = 3;
        const random = randomFrom(KILLS);
        let again = 0;
        for (let kills = 0; kills < KILLS; ) {
          at = killingAt(POINTS, random);
          const load = await killUntilDone(folder, [url, '--concurrency', String(concurrency)], 0, random);
          const found = judge(rows);
          expect(found).toEqual({ ...NOTHING_WRONG, again: found.again });
          // of each process that was killed: one chunk more may be written, and about to be noted
          for (const chunks of repeated.values()) expect(chunks).toBeLessThanOrEqual(concurrency + 1);
          again += found.again;
          kills += load.kills;
          forget();
        }
        expect(again, 'what cannot be exactly once must show it').toBeGreaterThan(0);
      },
    );

    /** Some processes, one after another, are killed at such a point of one of their requests. */
    function killingAt(points: readonly Point[], random: () => number): (point: Point) => void {
      const killed = new Set<ChildProcess>();
      const oneOf = () => points[Math.floor(random() * points.length)];
      let requests = 0;
      let next = { point: oneOf(), request: 1 };
      return (point) => {
        if (killed.size === KILLS_A_LOAD || running === undefined || killed.has(running)) return;
        if (point !== next.point || ++requests < next.request) return;
        running.kill('SIGKILL');
        killed.add(running);
        requests = 0;
        next = { point: oneOf(), request: 1 + Math.floor(random() * 15) };
      };
    }

    /** The checkpoint lies beside the source. */
    function forget(): void {
      expect(judgeLetters(join(folder, LETTERS))).toEqual(NOTHING_WRONG);
      rmSync(join(folder, LETTERS));
      rows.length = 0;
      seen.clear();
      repeated.clear();
      const left = readdirSync(root).filter((name) => name.includes('.checkpoint'));
      expect(left.length).toBeGreaterThan(0);
      for (const name of left) if (existsSync(join(root, name))) rmSync(join(root, name));
    }
  });
});
