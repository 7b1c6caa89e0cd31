import type { Chunk } from '../core/chunk.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import { expectKind } from '../core/options.ts';
import { keysOf as pathOf } from '../formats/json-path.ts';
import { isObjectRecord, valueAt } from '../formats/object-record.ts';
import { ValueReader } from '../formats/project-values.ts';

/**
 * What the records whose order matters have in common: a function of the record, or where in it the key is – a name, a
 * dotted path, or a list of keys where keys hold dots. A record whose key is null or undefined has no order to keep.
 */
export type OrderBy<T = unknown> = string | readonly string[] | ((record: T) => unknown);

/** @throws TypeError when it is none of these */
export function checkOrderBy(orderBy: unknown): void {
  const isPath = typeof orderBy === 'string' || Array.isArray(orderBy);
  const isKnown = typeof orderBy === 'function' || (isPath && isPathOfKeys(orderBy));
  expectKind('orderBy', orderBy, isKnown, 'a function of a record, or a path to its key');
}

function isPathOfKeys(path: string | readonly unknown[]): boolean {
  return path.length > 0 && (typeof path === 'string' || path.every((key) => typeof key === 'string'));
}

/**
 * Work on chunks that begins as soon as it may: never before that on earlier chunks which hold one of the same keys has
 * ended well. Chunks without a key in common do not wait for each other.
 */
export class KeyOrder<T> {
  readonly #keysIn: (chunk: Chunk<T>) => ReadonlySet<unknown>;
  /** Key → the work on the last chunk that holds it, while that goes on. */
  readonly #last = new Map<unknown, Promise<void>>();

  constructor(orderBy: OrderBy<T>) {
    this.#keysIn = typeof orderBy === 'function' ? keysBy(orderBy) : keysAt<T>(pathOf(orderBy));
  }

  /**
   * Work that must wait is not begun when that before it fails, and fails with it.
   * @throws PipelineError TRANSFORM_FAILED when a key cannot be told
   */
  run(chunk: Chunk<T>, work: () => Promise<void>): Promise<void> {
    const keys = this.#keysIn(chunk);
    const earlier = new Set<Promise<void>>();
    for (const key of keys) {
      const last = this.#last.get(key);
      if (last !== undefined) earlier.add(last);
    }
    const done = earlier.size === 0 ? work() : Promise.all(earlier).then(work);
    for (const key of keys) this.#last.set(key, done);
    const forget = () => {
      for (const key of keys) if (this.#last.get(key) === done) this.#last.delete(key);
    };
    // of what has failed the keys stay: nothing of them may be written any more
    done.then(forget, () => {});
    return done;
  }
}

function keysBy<T>(fn: (record: T) => unknown): (chunk: Chunk<T>) => ReadonlySet<unknown> {
  return (chunk) => {
    const keys = new Set<unknown>();
    for (let index = 0; index < chunk.count; index++) {
      try {
        add(keys, fn(chunk.records[index]!));
      } catch (cause) {
        const message = `${chunk.describe(index)}: orderBy failed: ${messageOf(cause)}`;
        throw new PipelineError({ code: 'TRANSFORM_FAILED', message, cause });
      }
    }
    return keys;
  };
}

/** Where records are JSON or CSV, their keys are read from the bytes. */
function keysAt<T>(path: readonly string[]): (chunk: Chunk<T>) => ReadonlySet<unknown> {
  const reader = new ValueReader([path], false);
  return ({ blocks }) => {
    const keys = new Set<unknown>();
    for (const block of blocks) {
      let index = 0;
      for (const values of reader.valuesOf(block)) {
        add(keys, values === undefined ? valueIn(block.records[index], path) : values[0]);
        index++;
      }
    }
    return keys;
  };
}

function valueIn(record: unknown, path: readonly string[]): unknown {
  return isObjectRecord(record) ? valueAt(record, path) : undefined;
}

/** An object is the key that its JSON text is. */
function add(keys: Set<unknown>, key: unknown): void {
  if (key === undefined || key === null) return;
  expectKind('a key', key, typeof (key as PromiseLike<unknown>).then !== 'function', 'known at once');
  keys.add(typeof key === 'object' ? encodeJson(key) : key);
}
