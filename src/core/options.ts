/** Returns `value` when it is an integer from `min` to `max`, else throws a `RangeError` that says so. */
export function integerBetween(name: string, value: unknown, min: number, max: number, or = ''): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(
    `${name} must be an integer from ${group(min)} to ${group(max)}${or}, got ${show(value)}`,
  );
}

/** Returns `value` when it is `adaptive`, or an integer from `min` to `max`, else throws a `RangeError` that says so. */
export function integerOrAdaptive(
  name: string,
  value: unknown,
  min: number,
  max: number,
): number | 'adaptive' {
  if (value === 'adaptive') return value;
  return integerBetween(name, value, min, max, ', or "adaptive"');
}

/** Returns `value` when it is a number of milliseconds (or anything else counted) from `min` to `max`. */
export function numberBetween(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a number from ${group(min)} to ${group(max)}, got ${show(value)}`);
}

/** Returns `value` when it is one of `allowed`, else throws a `TypeError` that lists them. */
export function oneOf<const T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw new TypeError(`${name} must be one of ${allowed.join(', ')}, got ${show(value)}`);
}

/** Throws a `TypeError` unless `value` is of the kind that `expected` describes. */
export function expectKind(name: string, value: unknown, isKind: boolean, expected: string): void {
  if (!isKind) throw new TypeError(`${name} must be ${expected}, got ${show(value)}`);
}

/** The names of all options of a kind: the compiler sees to it that none is missing. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/** Throws a `TypeError` when an option is given that there is not: one that is misspelt must not be ignored. */
export function knownOptions<T extends object>(owner: string, options: T, names: OptionNames<T>): void {
  if (typeof options !== 'object' || options === null)
    // what it is may be a secret
    throw new TypeError(
      `${owner} takes an object of options, got a ${options === null ? 'null' : typeof options}`,
    );
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !Object.hasOwn(names, name))
      throw new TypeError(`${owner} has no option ${name}; its options are ${Object.keys(names).join(', ')}`);
}

/** Those of the options that another kind has, too. */
export function pickOptions<T extends object>(options: T, names: OptionNames<T>): T {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(names, name))) as T;
}

/** The longest wait a Node timer can make; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

function group(value: number): string {
  return value.toLocaleString('en-US');
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : `a ${value.constructor?.name ?? 'object'}`;
  return String(value);
}
