import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { faultProxy } from '../../src/testing/index.ts';
import type { Toxic } from '../../src/testing/toxic.ts';
import { deadPort, listen } from '../failures/servers.ts';

/** A client in Node 22 (libuv before 1.52), of a reset that comes together with the last bytes. */
const TAKES_RESETS_FOR_ENDS = Number(process.versions.node.split('.')[0]) < 24;

const LETTERS = Buffer.from('abcdefghij'.repeat(100));

describe('faultProxy', () => {
  test('passes everything on when there is no toxic', async () => {
    const proxy = await before(echo());
    expect(await exchange(proxy.address, LETTERS)).toEqual(LETTERS);
    expect(proxy.connections).toBe(1);
    expect(proxy.passed).toEqual({ upstream: 1_000, downstream: 1_000 });
  });

  test('gives the address of the target with its own host and port', async () => {
    const proxy = await proxyOf('postgres://me:secret@localhost/orders?ssl=1', []);
    expect(proxy.url).toBe(`postgres://me:secret@${proxy.address}/orders?ssl=1`);
  });

  test.each<[string, Toxic[]]>([
    ['latency', [{ kind: 'latency', ms: 5, jitterMs: 5 }]],
    ['a bandwidth', [{ kind: 'bandwidth', bytesPerSecond: 20_000 }]],
    ['slices', [{ kind: 'slice', bytes: 7 }]],
    ['slices of what is sent', [{ kind: 'slice', bytes: 1, direction: 'upstream' }]],
    ['a slow close', [{ kind: 'slow-close', ms: 10 }]],
    ['a timeout of another connection', [{ kind: 'timeout', connections: [2] }]],
    ['a limit that is just enough', [{ kind: 'limit', bytes: 1_000 }]],
    ['a reset that would come later', [{ kind: 'reset', afterBytes: 1_000 }]],
    [
      'several at once',
      [
        { kind: 'slice', bytes: 100, delayMs: 1 },
        { kind: 'latency', ms: 1, afterBytes: 500 },
      ],
    ],
  ])('passes all bytes on through %s', async (_, toxics) => {
    const proxy = await before(echo(), toxics);
    expect(await exchange(proxy.address, LETTERS)).toEqual(LETTERS);
  });

  test.each<[Toxic, readonly number[]]>([
    [{ kind: 'latency', ms: 7 }, [7]],
    [{ kind: 'bandwidth', bytesPerSecond: 25_000 }, [20, 20]],
    [{ kind: 'slice', bytes: 300, delayMs: 3 }, [3, 3, 3, 3]],
    [{ kind: 'slow-close', ms: 9 }, [9]],
  ])('%j waits so many milliseconds before each piece, or before the end', async (toxic, waits) => {
    const proxy = await before(echo(), [toxic]);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    expect(await exchange(proxy.address, LETTERS)).toEqual(LETTERS);
    expect(timers.mock.calls.map(([, ms]) => ms)).toEqual(waits);
  });

  test.each([0, 1, 10, 999])(
    'limits what is answered to %i bytes and closes the connection',
    async (bytes) => {
      const proxy = await before(echo(), [{ kind: 'limit', bytes }]);
      expect(await exchange(proxy.address, LETTERS)).toEqual(LETTERS.subarray(0, bytes));
    },
  );

  test.each([0, 1, 10, 999])('limits what is sent to %i bytes', async (bytes) => {
    const received = collector();
    const proxy = await before(received.server, [{ kind: 'limit', bytes, direction: 'upstream' }]);
    await exchange(proxy.address, LETTERS).catch(() => undefined);
    expect(await received.bytes).toEqual(LETTERS.subarray(0, bytes));
  });

  test.each([0, 1, 999])('resets the connection after %i bytes of the answer', async (afterBytes) => {
    const proxy = await before(echo(), [{ kind: 'reset', afterBytes }]);
    const answer = exchange(proxy.address, LETTERS);
    if (afterBytes > 0 && TAKES_RESETS_FOR_ENDS)
      expect(await answer).toEqual(LETTERS.subarray(0, afterBytes));
    else await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(proxy.passed.downstream).toBe(afterBytes);
  });

  test('acts on the connections that are named, and on no other', async () => {
    const proxy = await before(echo(), [{ kind: 'reset', connections: [2, 3] }]);
    const outcomes: boolean[] = [];
    for (let i = 0; i < 4; i++)
      outcomes.push(
        await exchange(proxy.address, LETTERS).then(
          () => true,
          () => false,
        ),
      );
    expect(outcomes).toEqual([true, false, false, true]);
  });

  test('holds everything back while there is a timeout, and goes on when it is removed', async () => {
    const proxy = await before(echo());
    const remove = proxy.add({ kind: 'timeout' });
    const answer = exchange(proxy.address, LETTERS);
    await until(() => proxy.passed.upstream === LETTERS.length);
    expect(proxy.passed.downstream).toBe(0);
    remove();
    expect(await answer).toEqual(LETTERS);
  });

  test('closes the connection when the client hangs up whose bytes are held back', async () => {
    const received = collector();
    const proxy = await before(received.server, [{ kind: 'timeout', direction: 'upstream', afterBytes: 10 }]);
    expect(await exchange(proxy.address, LETTERS)).toHaveLength(0);
    expect(await received.bytes).toEqual(LETTERS.subarray(0, 10));
  });

  test('closes the connection when the time of a timeout is over', async () => {
    const proxy = await before(echo(), [{ kind: 'timeout', closeAfterMs: 10 }]);
    expect(await exchange(proxy.address, LETTERS)).toHaveLength(0);
  });

  test('resets what is open when it is told to', async () => {
    const proxy = await before(echo(), [{ kind: 'timeout' }]);
    const answer = exchange(proxy.address, LETTERS);
    const isReset = expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    await until(() => proxy.passed.upstream === LETTERS.length);
    proxy.reset();
    await isReset;
  });

  test('refuses connections while it is down, and is at the same place when it is up again', async () => {
    const proxy = await before(echo());
    const { address } = proxy;
    await proxy.down();
    await expect(exchange(address, LETTERS)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.up();
    expect(proxy.address).toBe(address);
    expect(await exchange(address, LETTERS)).toEqual(LETTERS);
  });

  test('resets the client when nobody listens behind it', async () => {
    const proxy = await proxyOf(`tcp://127.0.0.1:${await deadPort()}`, []);
    await expect(exchange(proxy.address, LETTERS)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('leaves no connection behind when it is closed, whatever it was waiting for', async () => {
    const sockets = new Set<Socket>();
    const server = echo().on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    const target = `tcp://127.0.0.1:${await listen(server)}`;
    let answer: Promise<unknown>;
    {
      await using proxy = await faultProxy({ target, toxics: [{ kind: 'timeout', direction: 'upstream' }] });
      const { hostname, port } = new URL(`tcp://${proxy.address}`);
      const client = connect({ host: hostname, port: Number(port) });
      answer = once(client, 'error');
      client.write(LETTERS);
      await until(() => sockets.size === 1);
    }
    expect(await answer).toMatchObject([{ code: 'ECONNRESET' }]);
    await until(() => sockets.size === 0);
  });

  test.each<[object, string]>([
    [{ kind: 'rain' }, 'kind must be one of latency, '],
    [{ kind: 'latency' }, 'ms must be a number from 0 to 2,147,483,647, got undefined'],
    [{ kind: 'slice', bytes: 0 }, 'bytes must be an integer from 1'],
    [{ kind: 'reset', afterBytes: -1 }, 'afterBytes must be an integer from 0'],
    [{ kind: 'reset', connections: [0] }, 'connections must be a list of numbers from 1'],
    [{ kind: 'reset', direction: 'up' }, 'direction must be one of upstream, downstream, got "up"'],
    [{ kind: 'reset', ms: 5 }, 'The toxic reset has no option ms'],
  ])('refuses %j', async (toxic, message) => {
    await expect(proxyOf('tcp://127.0.0.1:9', [toxic as Toxic])).rejects.toThrow(message);
  });

  test('refuses an option that it does not have', async () => {
    const options = { target: 'tcp://127.0.0.1:9', toxic: [] };
    await expect(faultProxy(options)).rejects.toThrow(
      'faultProxy has no option toxic; its options are target',
    );
  });

  test.each(['nowhere', 'tcp://127.0.0.1', '/tmp/socket'])('refuses the target %s', async (target) => {
    await expect(proxyOf(target, [])).rejects.toThrow(`target must be an address with a host and a port`);
  });
});

/** A server that answers with what it is sent, when it has been sent all of it. */
function echo(): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    buffer(socket.iterator({ destroyOnReturn: false })).then(
      (bytes) => socket.end(bytes),
      () => socket.destroy(),
    );
  });
}

/** A server that keeps what it is sent on its first connection, up to where that ends or breaks. */
function collector() {
  const { promise: bytes, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('close', () => resolve(Buffer.concat(pieces)));
  });
  return { server, bytes };
}

async function before(server: Server, toxics: readonly Toxic[] = []) {
  return proxyOf(`tcp://127.0.0.1:${await listen(server)}`, toxics);
}

async function proxyOf(target: string, toxics: readonly Toxic[]) {
  const proxy = await faultProxy({ target, toxics });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** What is answered to these bytes. */
async function exchange(address: string, bytes: Buffer): Promise<Buffer> {
  return Buffer.concat(await piecesOf(address, bytes));
}

async function piecesOf(address: string, bytes: Buffer): Promise<Buffer[]> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect({ host: hostname, port: Number(port) });
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.end(bytes);
  await once(socket, 'close');
  return pieces;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(2);
}
