import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, onTestFinished, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { reach } from '../support/services.ts';

const { url } = await reach('redis');

/** Replies as Redis 7 words them, each with what it means. */
const REPLIES: readonly (readonly [reply: string, kind: Expected['kind']])[] = [
  ['LOADING Redis is loading the dataset in memory', 'not-applied'],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'not-applied'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'not-applied'],
  ['CLUSTERDOWN The cluster is down', 'not-applied'],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'not-applied'],
  ["READONLY You can't write against a read only replica.", 'not-applied'],
  ['NOREPLICAS Not enough good replicas to write.', 'not-applied'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'run-wide'],
  ['MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.', 'run-wide'],
  ['NOAUTH Authentication required.', 'run-wide'],
];

const KEY = `failures:${process.pid}`;

/** Commands until one is refused. */
const PROVOKED: readonly (readonly [
  what: string,
  commands: readonly string[],
  kind: Expected['kind'],
  reply: RegExp,
])[] = [
  ['a key of another type', [`SET ${KEY} 1 PX 10000`, `LPUSH ${KEY} 1`], 'bad-records', /^WRONGTYPE /],
  ['a script that is not there', [`EVALSHA ${'0'.repeat(40)} 0`], 'run-wide', /^NOSCRIPT /],
  ['a wrong password', ['AUTH nobody wrong'], 'run-wide', /^WRONGPASS /],
  [
    'a transaction with a command that makes no sense',
    ['MULTI', 'NONSENSE', 'EXEC'],
    'run-wide',
    /^EXECABORT /,
  ],
  ['a command that makes no sense', ['NONSENSE'], 'unrecognised', /./],
  [
    'a command that the user must not give',
    [
      `ACL SETUSER guest_${process.pid} on >secret ~* +auth`,
      `AUTH guest_${process.pid} secret`,
      `SET ${KEY} 1`,
    ],
    'run-wide',
    /^NOPERM /,
  ],
];

describe('Redis replies', () => {
  test.for(REPLIES)('%s: %s', async ([reply, kind]) => {
    const ask = await connectRedis();
    const script = `EVAL "return redis.error_reply(ARGV[1])" 0 ${JSON.stringify(reply)}`;
    await expectFailure(await errorOf(() => ask(script)), { kind, why: reply });
  });

  test.for(PROVOKED)('really, to %s: %s', async ([, commands, kind, reply]) => {
    onTestFinished(async () => {
      await (await connectRedis())(`ACL DELUSER guest_${process.pid}`);
    });
    const ask = await connectRedis();
    const error = await errorOf(async () => {
      for (const command of commands.slice(0, -1)) await ask(command).catch(() => undefined);
      await ask(commands.at(-1)!);
    });
    await expectFailure(error, { kind, why: kind === 'unrecognised' ? 'Error' : reply });
  });
});

/** Asks, and throws a reply that is an error as clients do: its text as the message, and no code. */
type Ask = (command: string) => Promise<string>;

async function connectRedis(): Promise<Ask> {
  const { hostname, port, password } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port || 6379) });
  onTestFinished(() => void socket.destroy());
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const ask: Ask = async (command) => {
    socket.write(`${command}\r\n`);
    const { value = '' } = (await lines.next()) as { value?: string };
    if (value.startsWith('-')) throw new Error(value.slice(1));
    return value;
  };
  if (password !== '') await ask(`AUTH ${password}`);
  return ask;
}
