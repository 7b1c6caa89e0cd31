/** A server behind a proxy. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
  /** The address of the server by way of a port on loopback. */
  readonly through: (port: number) => string;
}

/** Ports of addresses that name none. */
const USUAL_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'postgres:': 5432,
  'postgresql:': 5432,
  'mysql:': 3306,
  'mariadb:': 3306,
  'redis:': 6379,
  'mongodb:': 27_017,
};

/** @throws TypeError when the address is none, or has no port and no usual one */
export function targetOf(target: string | URL): ProxyTarget {
  const url = URL.parse(String(target));
  const port = url === null ? undefined : Number(url.port) || USUAL_PORTS[url.protocol];
  const isAddress = url !== null && url.hostname !== '' && port !== undefined;
  if (!isAddress) throw new TypeError(`target must be ${EXPECTED}, got ${JSON.stringify(target) ?? target}`);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    through: (own) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(own) }).href,
  };
}

const EXPECTED = 'an address with a host and a port, such as http://127.0.0.1:8080';
