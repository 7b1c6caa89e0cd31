import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { type ActiveToxic, ProxiedConnection } from './proxied-connection.ts';
import { targetOf } from './proxy-target.ts';
import { randomFrom } from './random.ts';
import { checkToxic, type Direction, type Toxic } from './toxic.ts';

/** Options of `faultProxy`. */
export interface FaultProxyOptions {
  /** Address of the server behind the proxy: `http://127.0.0.1:8080/orders`, `postgres://…`, `tcp://localhost:9000`. */
  readonly target: string | URL;
  /** Toxics that are there from the beginning. @default none */
  readonly toxics?: readonly Toxic[];
  /** Of the jitter of latencies. @default 1 */
  readonly seed?: number;
}

const OPTIONS: OptionNames<FaultProxyOptions> = { target: true, toxics: true, seed: true };

/**
 * A TCP proxy on loopback before a server, with the toxics of Toxiproxy: latency, bandwidth, slices, slow close, timeout,
 * limit, reset, and down. It runs in this process and is closed by `close()`, or by `await using` where Node knows that (24).
 * A client in Node 22 may take a reset for an end that comes together with the last bytes.
 * @throws TypeError or RangeError when an option is wrong
 * @example
 * const proxy = await faultProxy({ target: 'http://127.0.0.1:8080/orders' });
 * proxy.add({ kind: 'reset', direction: 'downstream', connections: [2] }); // the second answer gets lost
 * const sink = httpSink({ url: proxy.url });
 */
export async function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  knownOptions('faultProxy', options, OPTIONS);
  const proxy = new FaultProxy(options);
  await proxy.up();
  return proxy;
}

/** A proxy of `faultProxy`. */
export class FaultProxy {
  readonly #target: ReturnType<typeof targetOf>;
  readonly #toxics = new Set<ActiveToxic>();
  readonly #open = new Set<ProxiedConnection>();
  readonly #random: () => number;
  #server: Server | undefined;
  #port = 0;
  #connections = 0;
  #passed: Record<Direction, number> = { upstream: 0, downstream: 0 };

  constructor({ target, toxics = [], seed = 1 }: FaultProxyOptions) {
    this.#target = targetOf(target);
    this.#random = randomFrom(seed);
    for (const toxic of toxics) this.add(toxic);
  }

  /** Host and port at which it listens: `127.0.0.1:45123`. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The address of the target, with host and port of the proxy. */
  get url(): string {
    return this.#target.through(this.#port);
  }

  /** Connections that were made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Bytes that have passed so far, on all connections. */
  get passed(): Readonly<Record<Direction, number>> {
    const sum = { ...this.#passed };
    for (const { passed } of this.#open) addTo(sum, passed);
    return sum;
  }

  /** @returns removes the toxic again @throws TypeError or RangeError when it is wrong */
  add(toxic: Toxic): () => void {
    checkToxic(toxic);
    const removing = new AbortController();
    const active: ActiveToxic = { toxic, removed: removing.signal };
    this.#toxics.add(active);
    return () => {
      this.#toxics.delete(active);
      removing.abort();
    };
  }

  /** Resets the connections that are open now. */
  reset(): void {
    for (const connection of this.#open) connection.end('reset');
  }

  /** Refuses connections, and resets those that are open, until `up` is called. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const isClosed = server && new Promise<void>((resolve) => server.close(() => resolve()));
    this.reset();
    await Promise.all([isClosed, ...Array.from(this.#open, ({ closed }) => closed)]);
  }

  /** Takes connections, at the same port as before. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#connect(client));
    this.#server = server;
    this.#port = this.#port === 0 ? await listenSomewhere(server) : await listenAt(server, this.#port);
  }

  /** Closes the proxy and everything that it has opened. */
  async close(): Promise<void> {
    await this.down();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connect(client: Socket): void {
    const { host, port } = this.#target;
    const connection = new ProxiedConnection({
      number: ++this.#connections,
      client,
      target: connect({ host, port, allowHalfOpen: true }),
      toxics: () => this.#toxics,
      random: this.#random,
    });
    this.#open.add(connection);
    void connection.closed.then(() => {
      this.#open.delete(connection);
      addTo(this.#passed, connection.passed);
    });
  }
}

/**
 * Below the ports that systems give out themselves: nobody else is given this one while the proxy is down, and no
 * connection to it can by chance begin at it, and so meet itself.
 */
const PORTS = { first: 20_000, count: 12_000 };
const MOST_TRIES = 100;

async function listenSomewhere(server: Server): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    try {
      return await listenAt(server, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === MOST_TRIES) throw error;
    }
  }
}

async function listenAt(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return port;
}

function addTo(sum: Record<Direction, number>, more: Readonly<Record<Direction, number>>): void {
  sum.upstream += more.upstream;
  sum.downstream += more.downstream;
}
