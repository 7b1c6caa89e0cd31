import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDocument, encodeDocument, sealOf } from '../../src/checkpoint/checkpoint-document.ts';
import { encodeNote, lastNote, textOfNote } from '../../src/checkpoint/checkpoint-notes.ts';
import type { CheckpointProgress } from '../../src/core/checkpoint.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { FULL_CHECKPOINT } from './full-checkpoint.ts';

const DOCUMENT = encodeDocument({ run: 'orders', checkpoint: FULL_CHECKPOINT });
const SEAL = sealOf(DOCUMENT);

const progressAt = (records: number): CheckpointProgress => ({
  cursor: { source: 1, records },
  finished: [],
  deadLettered: 7,
});
const noteAt = (records: number, seal = SEAL) => encodeNote(seal, textOfNote(progressAt(records)));
const NOTES = [13_000, 14_000, 15_000].map((records) => noteAt(records));
const FILE = Buffer.concat([DOCUMENT, ...NOTES]);

/** How far a file says that its run is, or the code it is refused with. */
function placeIn(bytes: Uint8Array): number | string | undefined {
  try {
    return decodeDocument(bytes, 'c').checkpoint.cursor?.records;
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return error.code;
  }
}

describe('notes behind a checkpoint document', () => {
  test('say what has changed, and the last one counts', () => {
    expect(decodeDocument(FILE, 'c')).toEqual({
      run: 'orders',
      checkpoint: { ...FULL_CHECKPOINT, ...progressAt(15_000) },
    });
  });

  test('keep their form, so that every later version can read them', () => {
    const note = encodeNote('0'.repeat(64), textOfNote(progressAt(5)));
    expect(Buffer.from(note).toString()).toBe(
      '8971f9d8 {"cursor":{"source":1,"records":5},"finished":[],"deadLettered":7}\n',
    );
  });

  test('come back as they were, whatever cursor there is', () => {
    const count = fc.maxSafeNat();
    const cursor = fc.record(
      { source: count, records: count, key: fc.string({ unit: 'binary' }) },
      { requiredKeys: ['source', 'records'] },
    );
    const finished = fc.array(fc.record({ source: count, from: count, to: count }));
    const property = fc.property(fc.record({ cursor, finished, deadLettered: count }), (progress) => {
      expect(lastNote(SEAL, encodeNote(SEAL, textOfNote(progress)))).toEqual(progress);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('give an earlier one, or the document, wherever the file is cut', () => {
    const ends = [DOCUMENT.length];
    for (const note of NOTES) ends.push(ends.at(-1)! + note.length);
    const places = [12_000, 13_000, 14_000, 15_000];
    for (let length = 0; length <= FILE.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      expect(placeIn(FILE.subarray(0, length)), `${length} bytes`).toBe(
        whole === 0 ? 'CHECKPOINT_CORRUPT' : places[whole - 1],
      );
    }
  });

  test('give an earlier one, or refuse, when any one bit is flipped', () => {
    const harmful: string[] = [];
    for (let i = 0; i < FILE.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Uint8Array.from(FILE);
        flipped[i]! ^= 1 << bit;
        const place = placeIn(flipped);
        const isEarlier = [12_000, 13_000, 14_000].includes(place as number);
        const isRefused = typeof place === 'string';
        if (i < DOCUMENT.length ? !isRefused : !isEarlier) harmful.push(`byte ${i}, bit ${bit}: ${place}`);
      }
    }
    expect(harmful).toEqual([]);
  });

  test('of another document do not count, nor do any behind them', () => {
    const other = sealOf(encodeDocument({ run: 'orders', checkpoint: {} }));
    const file = Buffer.concat([DOCUMENT, NOTES[0]!, noteAt(99_000, other), NOTES[2]!]);
    expect(placeIn(file)).toBe(13_000);
  });

  test.each([
    'null',
    '7',
    '{}',
    '{"finished":[]}',
    '{"cursor":{"source":0,"records":-1},"finished":[],"deadLettered":0}',
    '{"cursor":{"source":0,"records":9},"finished":{},"deadLettered":0}',
  ])('are not trusted when they say %s, whatever their checksum says', (text) => {
    expect(placeIn(Buffer.concat([DOCUMENT, encodeNote(SEAL, text)]))).toBe(12_000);
  });

  test('are not made of what is no progress', () => {
    const wrong = { ...progressAt(1), finished: [{ source: 0 }] } as unknown as CheckpointProgress;
    expect(() => textOfNote(wrong)).toThrow(TypeError);
    expect(() => textOfNote({} as CheckpointProgress)).toThrow(
      'progress must have the members of progress, got {}',
    );
  });
});
