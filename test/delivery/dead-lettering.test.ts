import { describe, expect, test, vi } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { DeadLetter, DeadLetters } from '../../src/core/dead-letter.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import { bisecting } from '../../src/delivery/bisecting.ts';
import { deadLettering, type SetAsideEvent } from '../../src/delivery/dead-lettering.ts';
import type { WriteError } from '../../src/delivery/write-error.ts';
import { refusedRecord } from '../../src/formats/refused-record.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { badRequest, forbidden, type Item, items, numbersTo, type Shop, shop, write } from './shop.ts';

function lettersInMemory(add: (letter: DeadLetter) => unknown = () => undefined) {
  const kept: DeadLetter[] = [];
  const close = vi.fn(async () => {});
  const letters: DeadLetters = {
    async add(letter) {
      await add(letter);
      kept.push(letter);
    },
    close,
  };
  return { kept, letters, close };
}

function delivering(place: Shop, letters: DeadLetters) {
  const events: SetAsideEvent[] = [];
  const onSetAside = (event: SetAsideEvent) => void events.push(event);
  return { sink: deadLettering(bisecting(place), letters, { onSetAside }), events };
}

const recordsOf = (kept: readonly DeadLetter[]) => kept.map(({ position }) => position.record);
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe('deadLettering()', () => {
  test('sets refused records aside, and the chunk counts as written', async () => {
    const { kept, letters, close } = lettersInMemory();
    const { sink, events } = delivering(shop({ isBad: ({ id }) => id % 3 === 0 }), letters);
    const chunk = items(10);
    expect(await write(sink, chunk)).toBeUndefined();
    expect(recordsOf(kept)).toEqual([1, 4, 7, 10]);
    expect(events.map(({ index, letter }) => [index, letter.position.record])).toEqual([
      [0, 1],
      [3, 4],
      [6, 7],
      [9, 10],
    ]);
    expect(events.every((event) => event.chunk === (chunk as Chunk))).toBe(true);
    expect(close).not.toHaveBeenCalled();
  });

  test('writes into the letter what is needed to find, mend and send the record again', async () => {
    const { kept, letters } = lettersInMemory();
    const chunk = items(8);
    const before = Date.now();
    await write(delivering(shop({ isBad: ({ id }) => id === 4 }), letters).sink, chunk);
    const [letter] = kept;
    expect(letter).toMatchObject({
      source: 'items.ndjson',
      position: { record: 5, line: 5, byte: 36 },
      code: 'REFUSED_RECORD',
      reason: 'it is bad',
      chunk: chunk.id,
      attempts: 3,
    });
    expect(textOf(letter?.raw)).toBe('{"id":4}');
    expect(letter?.raw?.buffer.byteLength, 'it holds on to nothing but the record').toBe(8);
    expect(letter?.time.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('keeps the record itself where there are no bytes', async () => {
    const { kept, letters } = lettersInMemory();
    const records: Item[] = [{ id: 1 }, { id: 2, text: 'made' }];
    await write(delivering(shop({ isBad: ({ id }) => id === 2 }), letters).sink, chunkOf(records));
    expect(kept[0]).toMatchObject({ record: { id: 2, text: 'made' } });
    expect(kept[0]).not.toHaveProperty('raw');
  });

  test('keeps the code of an error of this package', async () => {
    const { kept, letters } = lettersInMemory();
    const sink = {
      ...shop(),
      write: async (chunk: Chunk) => Promise.reject(refusedRecord(chunk, 0, 'no column')),
    };
    await write(delivering(sink, letters).sink, items(1));
    expect(kept).toMatchObject([
      { code: 'REFUSED_RECORD', reason: 'items.ndjson:1 (record 1, byte 0): no column' },
    ]);
  });

  test('sets aside what the sink refuses by name for a reason that no table knows', async () => {
    const { kept, letters } = lettersInMemory();
    const refusals = new Map([[1, new Error('who knows')]]);
    const sink = { ...shop(), write: async () => Promise.reject(new PartialWriteError(refusals)) };
    expect(await write(deadLettering(sink, letters), items(3))).toBeUndefined();
    expect(kept).toMatchObject([{ position: { record: 2 }, reason: 'who knows', attempts: 1 }]);
  });

  test('asks the option classify', async () => {
    const { kept, letters } = lettersInMemory();
    const refusals = new Map([[1, badRequest()]]);
    const sink = { ...shop(), write: async () => Promise.reject(new PartialWriteError(refusals)) };
    const classify = () => ({ kind: 'run-wide', why: 'it must not be so' }) as const;
    const error = await write(deadLettering(sink, letters, { classify }), items(3));
    expect(error).toBeInstanceOf(PartialWriteError);
    expect(kept).toEqual([]);
  });

  test.each([
    ['the run has no credentials', forbidden()],
    ['an error is unknown', new TypeError('a bug')],
    ['the line is dead', Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
  ])('sets nothing aside when %s', async (_, failure) => {
    const { kept, letters } = lettersInMemory();
    const place = shop({
      before: () => {
        throw failure;
      },
    });
    expect(await write(delivering(place, letters).sink, items(5))).toBe(failure);
    expect(kept).toEqual([]);
  });

  test('sets aside what was found, and fails with the rest, when the sink fails half-way', async () => {
    const { kept, letters } = lettersInMemory();
    const down = forbidden();
    const place = shop({
      isBad: ({ id }) => id === 1,
      before: ({ records }) => {
        if (records[0]!.id === 4) throw down;
      },
    });
    const error = (await write(delivering(place, letters).sink, items(16))) as WriteError;
    expect(recordsOf(kept)).toEqual([2]);
    expect(error).toMatchObject({ cause: down, failure: { kind: 'run-wide' }, taken: 4, refused: 0 });
    expect([...error.refusals!.keys()]).toEqual(numbersTo(16).slice(4));
    expect(error.message).toMatch(/^4 records, the first items\.ndjson:5 .*it is forbidden/);
  });

  test('fails when a letter cannot be kept, names its record, and counts those that are kept', async () => {
    const full = new Error('no space left');
    const { kept, letters } = lettersInMemory(({ position }) => {
      if (position.record === 3) throw full;
    });
    const { sink, events } = delivering(shop({ isBad: () => true }), letters);
    const error = (await write(sink, items(4))) as WriteError;
    expect(recordsOf(kept)).toEqual([1, 2, 4]);
    expect(events).toHaveLength(3);
    expect(error).toMatchObject({ code: 'WRITE_FAILED', cause: full, taken: 3 });
    expect([...error.refusals!.keys()]).toEqual([2]);
    expect(error.message).toBe(
      'items.ndjson:3 (record 3, byte 18) (chunk 1) could not be set aside: no space left (shop has refused it: it is bad)',
    );
  });

  test('gives no more than a hundred letters at once to their place', async () => {
    let [open, most] = [0, 0];
    const { kept, letters } = lettersInMemory(async () => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
    });
    const place = shop({ isBad: () => true, manner: 'partial' });
    expect(await write(delivering(place, letters).sink, items(450))).toBeUndefined();
    expect(recordsOf(kept)).toEqual(numbersTo(451).slice(1));
    expect(most).toBe(100);
  });

  test('sets nothing aside once the run is aborted', async () => {
    const stopping = new AbortController();
    const { kept, letters } = lettersInMemory();
    const place = shop({
      isBad: ({ id }) => id === 0,
      before: ({ count }) => {
        if (count === 1) stopping.abort(new Error('enough'));
      },
    });
    expect(await write(delivering(place, letters).sink, items(8), stopping.signal)).toBeInstanceOf(Error);
    expect(kept).toEqual([]);
  });
});
