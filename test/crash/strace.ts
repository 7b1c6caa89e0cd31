import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';

/** Every call that changes a file, a name or what is safe of them, and what opens and closes files. */
const CALLS =
  'openat,open,creat,close,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,' +
  'unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,mkdir,mkdirat,truncate,ftruncate,fallocate,chmod,fchmod,fchmodat,' +
  'chown,fchown,fchownat,copy_file_range,sendfile';

/** A system call: the how-manieth of its name in its thread, and its text. */
export interface Call {
  readonly name: string;
  readonly nth: number;
  readonly text: string;
}

export interface TracedRun {
  readonly calls: readonly Call[];
  /** What the process said, line by line. */
  readonly said: readonly string[];
  readonly wasKilled: boolean;
}

/** What becomes of the nth call of a name: the process is killed before it, or the call fails. */
export interface Injection {
  readonly call: Pick<Call, 'name' | 'nth'>;
  readonly effect: 'signal=KILL' | `error=${'EIO' | 'ENOSPC'}`;
}

/** Skips a test where there is no strace – unless the machine is said to have all that tests need. */
export function needStrace({ skip }: TestContext): void {
  const probe = spawnSync('strace', ['-e', 'trace=none', 'true']);
  if (probe.status === 0) return;
  const reason = 'strace is not there or may not trace (Linux: apt-get install strace)';
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(reason);
  skip(reason);
}

/**
 * Runs a Node program and notes its calls that are about some paths. Those of its thread pool are made by one thread.
 * @param log file for the trace
 */
export async function traced(
  program: readonly string[],
  paths: readonly string[],
  log: string,
  injection?: Injection,
): Promise<TracedRun> {
  const inject =
    injection === undefined
      ? []
      : ['-e', `inject=${injection.call.name}:${injection.effect}:when=${injection.call.nth}`];
  const args = ['-f', '-o', log, ...paths.flatMap((path) => ['-P', path]), '-e', `trace=${CALLS}`, ...inject];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };
  const run = promisify(execFile)('strace', [...args, process.execPath, ...program], { env });
  const { stdout, killed } = await run.then(
    (done) => ({ ...done, killed: false }),
    (error: { stdout: string; code: unknown; signal: string | null }) => {
      if (error.signal !== 'SIGKILL') throw error;
      return { stdout: error.stdout, killed: true };
    },
  );
  return { calls: callsOf(readFileSync(log, 'utf8')), said: stdout.trim().split('\n'), wasKilled: killed };
}

function callsOf(log: string): Call[] {
  const seen = new Map<string, number>();
  return [...log.matchAll(/^(\d+) +(\w+)\((.*)$/gm)].map(([, thread, name, rest]) => {
    const key = `${thread} ${name}`;
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return { name: name!, nth, text: `${name}(${rest}` };
  });
}

/** A call of a run, and how far the run was. */
export interface Step {
  readonly call: Call;
  /** The calls up to and including it. */
  readonly until: readonly Call[];
}

/** The calls at which something can be made to happen: a later one of the same name and number comes too late. */
export function stepsOf(calls: readonly Call[]): readonly Step[] {
  const keys = calls.map(({ name, nth }) => `${name} ${nth}`);
  return calls
    .map((call, i) => ({ call, until: calls.slice(0, i + 1) }))
    .filter((_step, i) => keys.indexOf(keys[i]!) === i);
}

/** Two at a time: each is short, and mostly waits. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
