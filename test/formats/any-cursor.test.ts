import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cursor } from '../../src/core/position.ts';
import { anyInputs } from './any-input.ts';
import { decodingFrom } from './decoding.ts';

test.each(anyInputs)(
  '%s: from any cursor on come the same records, positions and errors',
  (_, format, input) => {
    fc.assert(
      fc.property(input, fc.array(fc.nat()), fc.boolean(), (source, offsets, isMarked) => {
        const bytes = Buffer.from(isMarked ? `\ufeff${source}` : source);
        const cuts = offsets.map((offset) => offset % (bytes.length + 1)).toSorted((a, b) => a - b);
        const cursors: Cursor[] = [];
        const whole = decodingFrom(undefined, format, bytes, cuts, {
          onCursor: (cursor) => cursors.push(cursor),
        });
        for (const cursor of cursors) {
          const rest = { ...whole, items: whole.items.slice(cursor.records) };
          expect(decodingFrom(cursor, format, bytes, []), JSON.stringify(cursor)).toEqual(rest);
          expect(decodingFrom(cursor, format, bytes, cuts)).toEqual(rest);
        }
      }),
      { numRuns: 300 },
    );
  },
);
