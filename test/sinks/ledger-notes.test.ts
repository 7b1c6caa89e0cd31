import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import { Chunker } from '../../src/core/chunker.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { Cursor } from '../../src/core/position.ts';
import { foldNotes, type Note, notesOf } from '../../src/sinks/ledger-notes.ts';
import { chunkOf } from '../../src/testing/index.ts';

const at = (source: number, records: number, made?: number): Cursor => ({
  source,
  records,
  ...(made !== undefined && { made }),
});

function block(start: Cursor, end: Cursor) {
  return new ObjectBlock({
    source: 'a',
    start,
    end,
    records: [{}],
    positions: [{ record: start.records + 1 }],
  });
}

function noted(start: Cursor, end: Cursor): Note {
  const [note] = notesOf(createChunk({ index: 0, blocks: [block(start, end)] }));
  return note!;
}

const placed = ({ from, to }: Note) => [from, to].map(({ source, record, made }) => [source, record, made]);

describe('notesOf', () => {
  test('notes blocks that follow each other as one, with the cursor behind them', () => {
    const end = { ...at(0, 7), bytes: 70, lines: 7 };
    const notes = notesOf(
      createChunk({ index: 0, blocks: [block(at(0, 2), at(0, 5)), block(at(0, 5), end)] }),
    );
    expect(notes.map(placed)).toEqual([
      [
        [0, 2, 0],
        [0, 7, 0],
      ],
    ]);
    expect(notes[0]?.end).toEqual(end);
  });

  test('notes what is apart, in one source or two, each for itself', () => {
    const blocks = [block(at(0, 2), at(0, 5)), block(at(0, 6), at(0, 9)), block(at(1, 0), at(1, 3))];
    expect(notesOf(createChunk({ index: 0, blocks })).map(placed)).toEqual([
      [
        [0, 2, 0],
        [0, 5, 0],
      ],
      [
        [0, 6, 0],
        [0, 9, 0],
      ],
      [
        [1, 0, 0],
        [1, 3, 0],
      ],
    ]);
  });

  test('tells records by their chunk that only the end of the input has brought', () => {
    const flushed = (index: number) =>
      notesOf(createChunk({ index, blocks: [block(at(0, 9), at(0, 9))] }))[0]!.id;
    expect(flushed(1)).not.toBe(flushed(2));
    expect(flushed(1)).toBe(flushed(1));
    expect(notesOf(chunkOf([{}]))[0]!.id).toBe('');
  });
});

describe('foldNotes', () => {
  test('knows nothing of a run without notes', () => {
    expect(foldNotes({}, [])).toEqual({});
  });

  test('goes on behind what follows without a gap, whatever the order', () => {
    const notes = [noted(at(0, 5), at(0, 9)), noted(at(0, 0), at(0, 3)), noted(at(0, 3), at(0, 5))];
    expect(foldNotes({}, notes)).toEqual({ cursor: at(0, 9) });
  });

  test('keeps what lies beyond a gap as ranges', () => {
    const notes = [
      noted(at(0, 0), at(0, 3)),
      noted(at(0, 8), at(0, 9)),
      noted(at(0, 5), at(0, 8)),
      noted(at(1, 0), at(1, 2)),
    ];
    expect(foldNotes({}, notes)).toEqual({
      cursor: at(0, 3),
      finished: [
        { source: 0, from: 5, to: 9 },
        { source: 1, from: 0, to: 2 },
      ],
    });
  });

  test('begins at the saved cursor, and minds what was saved beyond it', () => {
    const saved = { cursor: at(1, 4), finished: [{ source: 1, from: 6, to: 8 }] };
    expect(foldNotes(saved, [noted(at(0, 2), at(0, 3)), noted(at(1, 8), at(1, 9))])).toEqual({
      cursor: at(1, 4),
      finished: [{ source: 1, from: 6, to: 9 }],
    });
  });

  test('passes a saved range when a note behind it says where to go on', () => {
    const saved = { cursor: at(0, 4), finished: [{ source: 0, from: 4, to: 8 }] };
    expect(foldNotes(saved, [])).toEqual(saved);
    expect(foldNotes(saved, [noted(at(0, 8), at(0, 9))])).toEqual({ cursor: at(0, 9) });
  });

  test('counts what a transform made of one record', () => {
    const notes = [
      noted(at(0, 0), at(0, 5, 3)),
      noted(at(0, 5, 7), at(0, 6)),
      noted(at(0, 7, 1), at(0, 7, 4)),
    ];
    expect(foldNotes({}, notes)).toEqual({
      cursor: at(0, 5, 3),
      finished: [
        { source: 0, from: 5, to: 6, fromMade: 7 },
        { source: 0, from: 7, to: 7, fromMade: 1, toMade: 4 },
      ],
    });
  });

  test('knows of every record whether it is written, whichever chunks are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        fc.infiniteStream(fc.boolean()),
        (makes, size, isWritten) => {
          const chunks = cut(makes, size);
          const written = chunks.filter(() => isWritten.next().value);
          const { cursor = at(0, 0), finished = [] } = foldNotes({}, written.flatMap(notesOf));
          const isDone = (record: number, made: number) =>
            record < cursor.records ||
            (record === cursor.records && made < (cursor.made ?? 0)) ||
            finished.some(
              ({ from, to, fromMade = 0, toMade = 0 }) =>
                (record > from || (record === from && made >= fromMade)) &&
                (record < to || (record === to && made < toMade)),
            );
          const expected = new Set(written.flatMap(({ records }) => records));
          for (const [record, count] of makes.entries())
            for (let made = 0; made < count; made++)
              expect(isDone(record, made), `${record}.${made}`).toBe(expected.has(`${record}.${made}`));
        },
      ),
    );
  });
});

/** Chunks of what is made of each record: so many of each, none of some. */
function cut(makes: readonly number[], size: number) {
  const records = makes.flatMap((count, record) => Array.from({ length: count }, (_, i) => `${record}.${i}`));
  const positions = makes.flatMap((count, record) =>
    Array.from({ length: count }, () => ({ record: record + 1 })),
  );
  const made = new ObjectBlock({
    source: 'a',
    start: at(0, 0),
    end: at(0, makes.length),
    records,
    positions,
  });
  const chunker = new Chunker<string>({ records: size, bytes: Number.POSITIVE_INFINITY, source: 'a' });
  const chunks = [...chunker.add(made)];
  const last = chunker.cut();
  return last === undefined ? chunks : [...chunks, last];
}
