/**
 * A copy of a record that shares no plain object, array, date, map, set or buffer with it. Unlike `structuredClone` it
 * keeps what only its class knows how to copy (an `ObjectId`, a `Decimal`, a function): such values are shared.
 */
export function copyRecord<T>(record: T): T {
  return copyValue(record, new Map()) as T;
}

/** `copies` keeps cycles, and objects that are there twice, as they are. */
function copyValue(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return fillArray(value, copies);
  if (prototype === Object.prototype || prototype === null) return fillObject(value, prototype, copies);
  return copyBuiltIn(value, copies);
}

function fillArray(array: readonly unknown[], copies: Map<object, unknown>): unknown[] {
  const copy: unknown[] = [...array];
  copies.set(array, copy);
  for (let i = 0; i < copy.length; i++) copy[i] = copyValue(copy[i], copies);
  return copy;
}

/** A spread makes own properties of all keys, `__proto__` too; then setting them changes no prototype. */
function fillObject(object: object, prototype: object | null, copies: Map<object, unknown>): object {
  const copy = { ...object } as Record<string, unknown>;
  if (prototype === null) Object.setPrototypeOf(copy, null);
  copies.set(object, copy);
  for (const key in copy) {
    const value = copy[key];
    if (typeof value === 'object' && value !== null && Object.hasOwn(copy, key))
      copy[key] = copyValue(value, copies);
  }
  return copy;
}

function copyBuiltIn(value: object, copies: Map<object, unknown>): unknown {
  const copy = builtInLike(value, copies);
  copies.set(value, copy);
  return copy;
}

function builtInLike(value: object, copies: Map<object, unknown>): object {
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Map.prototype)
    return new Map(
      Array.from(value as Map<unknown, unknown>, ([key, each]) => [
        copyValue(key, copies),
        copyValue(each, copies),
      ]),
    );
  if (prototype === Set.prototype)
    return new Set(Array.from(value as Set<unknown>, (each) => copyValue(each, copies)));
  const isData = prototype === Date.prototype || ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  return isData ? (structuredClone(value) as object) : value;
}
