import { connect } from 'node:net';
import { beforeEach } from 'vitest';

/** Servers that tests need, and the environment variable that says where each is. */
const SERVICES = {
  postgres: { variable: 'POSTGRES_URL', address: 'postgres://root@127.0.0.1:5432/test' },
  mariadb: { variable: 'MARIADB_URL', address: 'mysql://root@127.0.0.1:3306/test' },
  redis: { variable: 'REDIS_URL', address: 'redis://127.0.0.1:6379' },
} as const;

export interface Service {
  readonly url: string;
  /** Asked by what comes before all tests: only the tests themselves are skipped by themselves. */
  readonly isReachable: boolean;
}

/**
 * A server for the tests of this file, or of the `describe` that awaits it. Where none listens they are skipped, and the
 * reason is printed at the end; with REQUIRE_SERVICES=1 they fail instead.
 */
export async function reach(name: keyof typeof SERVICES): Promise<Service> {
  const { variable, address } = SERVICES[name];
  const url = process.env[variable] ?? address;
  const isReachable = await listens(new URL(url), Number(new URL(address).port));
  beforeEach(({ skip }) => {
    if (isReachable) return;
    const reason = `no server for ${variable} listens on ${new URL(url).host}`;
    if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(reason);
    skip(reason);
  });
  return { url, isReachable };
}

/** The longest that a server is waited for, in milliseconds. */
const PATIENCE_MS = 2_000;

function listens({ hostname, port }: URL, usualPort: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || usualPort), timeout: PATIENCE_MS });
    const answer = (isReachable: boolean) => {
      socket.destroy();
      resolve(isReachable);
    };
    socket.on('connect', () => answer(true));
    socket.on('error', () => answer(false));
    socket.on('timeout', () => answer(false));
  });
}
