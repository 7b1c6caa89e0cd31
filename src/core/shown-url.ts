import { createHash } from 'node:crypto';

/** Parameters whose values nobody should see. */
const SECRET = /token|key|secret|sig|password|auth|credential|^x-(?:amz|goog)-/i;

/** Those that let somebody in: they change from day to day, and lead to the same. */
const OF_ACCESS =
  /(?:token|secret|signature|password|credentials?)$|^(?:sig|auth)$|(?:access|api|auth|secret|shared)[-_]?key(?:[-_]?id)?$|^x-(?:amz|goog)-/i;

/**
 * A URL as messages show it, and as it is told from others: without user and password, the values of parameters masked
 * that look secret. Of one that may as well say what is asked for (`key`, `author`), eight digits of a hash stay.
 */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  for (const name of new Set(shown.searchParams.keys()))
    if (SECRET.test(name)) shown.searchParams.set(name, masked(name, shown.searchParams.getAll(name)));
  return shown.href;
}

/** As `shownUrl`, of a place to write to: nothing of its query is shown, of which anything may be secret, but for the digits. */
export function shownPlace({ origin, pathname, searchParams }: URL): string {
  const parameters = [...searchParams].filter(([name]) => !OF_ACCESS.test(name));
  return `${origin}${pathname}${parameters.length === 0 ? '' : `?***${digits(parameters)}`}`;
}

function masked(name: string, values: readonly string[]): string {
  return OF_ACCESS.test(name) ? '***' : `***${digits(values)}`;
}

function digits(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8);
}
