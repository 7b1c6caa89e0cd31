/**
 * The JSON text of a value from which `readExactJson` makes the same value again: what JSON alone would lose or refuse
 * – bigints, dates, bytes, `-0`, `NaN` and the infinities – becomes an object with one key that begins with `$`. A
 * property that is `undefined` counts as absent.
 * @throws TypeError at a value that has no such text, naming it by its path
 */
export function writeExactJson(value: unknown): string {
  return JSON.stringify(isPlain(value, 0) ? value : plain(value, '$', 0));
}

/**
 * The value of a text of `writeExactJson`.
 * @throws SyntaxError when it is no such text
 */
export function readExactJson(text: string): unknown {
  return exact(JSON.parse(text));
}

const MAX_DEPTH = 64;

/** Whether JSON alone says all of it: most often it does, and asking costs less than copying. */
function isPlain(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  if (Array.isArray(value))
    return Array.from(value as unknown[]).every((element) => isPlain(element, depth + 1));
  if (!isPlainObject(value) || 'toJSON' in value) return false;
  for (const [key, member] of Object.entries(value))
    if (key.startsWith('$') || !(member === undefined || isPlain(member, depth + 1))) return false;
  return true;
}

function plain(value: unknown, path: string, depth: number): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && !Object.is(value, -0);
    return isExact ? value : { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (typeof value !== 'object' || depth > MAX_DEPTH) throw unwritable(value, path);
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value))
    return Array.from(value, (element, i) => plain(element, `${path}[${i}]`, depth + 1));
  if (!isPlainObject(value)) throw unwritable(value, path);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [
        key.startsWith('$') ? `$${key}` : key,
        plain(member, `${path}.${key}`, depth + 1),
      ]),
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function unwritable(value: unknown, path: string): TypeError {
  const kind = typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
  return new TypeError(`${path} must be plain data, at most ${MAX_DEPTH} levels deep, got ${kind}`);
}

function exact(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(exact);
  const entries = Object.entries(value);
  const [first] = entries;
  if (first !== undefined && /^\$[^$]/.test(first[0])) {
    if (entries.length > 1) throw new SyntaxError(`${first[0]} must stand alone`);
    return tagged(...first);
  }
  return Object.fromEntries(
    entries.map(([key, member]) => [key.startsWith('$') ? key.slice(1) : key, exact(member)]),
  );
}

const NUMBERS = new Map<unknown, number>([
  ['-0', -0],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function tagged(tag: string, value: unknown): unknown {
  if (tag === '$bigint' && typeof value === 'string' && /^(?:0|-?[1-9]\d*)$/.test(value))
    return BigInt(value);
  if (tag === '$number' && NUMBERS.has(value)) return NUMBERS.get(value);
  if (tag === '$date' && (value === null || typeof value === 'number')) return new Date(value ?? Number.NaN);
  if (tag === '$bytes' && typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'));
  throw new SyntaxError(`${tag} is not known, or has a value that it cannot have`);
}
