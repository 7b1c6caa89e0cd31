import { MARK, type ObjectShape } from '../scan/index.ts';

/** Makes records of their values, which come one after another without keys; none when the last one is not whole. */
export type RecordMaker = (values: readonly unknown[]) => readonly unknown[];

/** Makes records of a shape. They are what `JSON.parse` makes, which takes longer: it reads all keys of all objects. */
export function recordMaker(shape: ObjectShape): RecordMaker {
  const Made = constructorOf(shape);
  return (values) => {
    const from: ValueReader = { values, at: 0 };
    const records: unknown[] = [];
    while (from.at < values.length) records.push(new Made(from));
    return from.at === values.length ? records : [];
  };
}

/** Values, and the next one of them. */
interface ValueReader {
  readonly values: readonly unknown[];
  at: number;
}

/** Makes an object of the next values. */
type Constructor = new (from: ValueReader) => object;

/** What it makes are plain objects. That it is a constructor tells V8 how large they become. */
function constructorOf({ keys, inside }: ObjectShape): Constructor {
  const takers = inside.map((inner) => {
    if (inner === undefined) return undefined;
    const Inner = constructorOf(inner.shape);
    return inner.isList ? listTaker(Inner) : objectTaker(Inner);
  });
  function Made(this: Record<string, unknown>, from: ValueReader) {
    for (let i = 0; i < keys.length; i++) {
      const take = takers[i];
      this[keys[i]!] = take === undefined ? from.values[from.at++] : take(from);
    }
  }
  Made.prototype = Object.prototype;
  return Made as unknown as Constructor;
}

type Taker = (from: ValueReader) => unknown;

function objectTaker(Inner: Constructor): Taker {
  return (from) => (from.values[from.at++] === MARK.members ? new Inner(from) : from.values[from.at++]);
}

function listTaker(Inner: Constructor): Taker {
  return (from) => {
    const list: unknown[] = [];
    while (from.at < from.values.length) {
      const mark = from.values[from.at++];
      if (mark === MARK.endOfList) break;
      if (mark === MARK.noList) return from.values[from.at++];
      list.push(mark === MARK.members ? new Inner(from) : from.values[from.at++]);
    }
    // a copy takes no more room than it needs
    return list.slice();
  };
}
