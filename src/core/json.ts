/**
 * The JSON text of one record. Unlike `JSON.stringify` alone it writes a bigint as the number that it is.
 * @throws TypeError when the record has no JSON form (`undefined`, a function, a circular structure)
 */
export function encodeJson(record: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(record);
  } catch (error) {
    if (!isAboutBigInt(error)) throw error;
    text = JSON.stringify(record, writeBigInt);
  }
  if (text === undefined) throw new TypeError(`A record must have a JSON form, got ${typeof record}`);
  return text;
}

/** The record of a text of `encodeJson`. Integers that a number cannot hold become a bigint, so that they are written as they were. */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? parseWithSource(text, readBigInt) : (JSON.parse(text) as unknown);
}

const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

function readBigInt(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  const isLong = typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value);
  return isLong && INTEGER.test(source) ? BigInt(source) : value;
}

/** The third argument of a reviver is in every supported Node (V8 11.4), but not yet in TypeScript's library. */
const parseWithSource = JSON.parse as (text: string, reviver: typeof readBigInt) => unknown;

function isAboutBigInt(error: unknown): boolean {
  return error instanceof TypeError && /BigInt/.test(error.message);
}

/** `JSON.rawJSON` is in every supported Node (V8 11.4), but not yet in TypeScript's library. */
const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown };

function writeBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}
