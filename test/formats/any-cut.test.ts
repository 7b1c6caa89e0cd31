import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyInputs as cases } from './any-input.ts';
import { decoding, decodingInPlace } from './decoding.ts';

test.each(cases)('%s: any cut gives the same records, positions and errors', (_, format, input) => {
  fc.assert(
    fc.property(
      input,
      fc.array(fc.nat()),
      fc.boolean(),
      fc.boolean(),
      (source, offsets, isMarked, isBroken) => {
        const bytes = Buffer.from(isMarked ? `\ufeff${source}` : source);
        if (isBroken && bytes.length > 4) bytes[4 + (offsets.length % (bytes.length - 4))] = 0xff;
        const cuts = offsets.map((offset) => offset % (bytes.length + 1)).toSorted((a, b) => a - b);
        const single = Array.from({ length: bytes.length }, (_, at) => at);
        const whole = decoding(format, bytes);
        expect(decoding(format, bytes, cuts)).toEqual(whole);
        expect(decoding(format, bytes, single)).toEqual(whole);
        expect(decodingInPlace(format, bytes, cuts)).toEqual(whole);
        expect(decodingInPlace(format, bytes, single)).toEqual(whole);
      },
    ),
    { numRuns: 300 },
  );
});
