/** Headers as an object, as Node and most clients give them. */
export type PlainHeaders = Readonly<Record<string, string | readonly string[] | number | undefined>>;

/**
 * Milliseconds that a `Retry-After` header asks to wait (RFC 9110 §10.2.3: seconds, or a date); `undefined` when there
 * is none or it makes no sense.
 * @param now milliseconds since 1970. By default the `Date` of the same answer, so that a clock that goes wrong, here
 * or there, makes no retry earlier than the server asked; without one, the time here.
 */
export function retryAfterOf(headers: Headers | PlainHeaders, now?: number): number | undefined {
  const value = header(headers, 'retry-after');
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1_000, Number.MAX_SAFE_INTEGER);
  const date = httpDate(value);
  if (date === undefined) return undefined;
  return Math.max(date - (now ?? httpDate(header(headers, 'date') ?? '') ?? Date.now()), 0);
}

function header(headers: Headers | PlainHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name)?.trim();
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1];
  const first = Array.isArray(found) ? (found as readonly unknown[])[0] : found;
  return typeof first === 'string' || typeof first === 'number' ? String(first).trim() : undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = /(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)/.source;

/** The three forms of RFC 9110 §5.6.7, all of them in UTC. */
const HTTP_DATES = [
  `[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${TIME} GMT`,
  `[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${TIME} GMT`,
  `[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

function httpDate(text: string): number | undefined {
  const parts = HTTP_DATES.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const month = MONTHS.indexOf(parts['month']!);
  const [day, hour, minute, second] = ['day', 'hour', 'minute', 'second'].map((each) => Number(parts[each]));
  const time = Date.UTC(fullYear(parts['year']!), month, day, hour, minute, second);
  const isReal = month >= 0 && new Date(time).getUTCDate() === day && hour! < 24 && minute! < 60;
  return isReal ? time : undefined;
}

/** Two digits that would lie more than 50 years ahead mean the past. */
function fullYear(digits: string): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date().getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
