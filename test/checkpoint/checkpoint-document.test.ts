import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CheckpointDocument,
  decodeDocument,
  encodeDocument,
} from '../../src/checkpoint/checkpoint-document.ts';
import type { Checkpoint } from '../../src/core/checkpoint.ts';
import { type ErrorCode, PipelineError } from '../../src/core/errors.ts';
import { FULL_CHECKPOINT } from './full-checkpoint.ts';

const DOCUMENT: CheckpointDocument = { run: 'orders', checkpoint: FULL_CHECKPOINT };
const BYTES = encodeDocument(DOCUMENT);

/** A file as a version might have written it, with the checksum it needs. */
function file(body: string | Uint8Array, version = '1'): Uint8Array {
  const sha256 = createHash('sha256')
    .update(`chain-reaction checkpoint ${version}\n`)
    .update(body)
    .digest('hex');
  return Buffer.concat([
    Buffer.from(`chain-reaction checkpoint ${version} sha256 ${sha256}\n`),
    Buffer.from(body),
  ]);
}

function codeOf(bytes: Uint8Array): ErrorCode | undefined {
  try {
    decodeDocument(bytes, 'c');
    return undefined;
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return error.code;
  }
}

describe('a checkpoint document', () => {
  test('gives back exactly what it was given', () => {
    expect(decodeDocument(BYTES, 'c')).toStrictEqual(DOCUMENT);
    const count = fc.maxSafeNat();
    const cursor = fc.record(
      { source: count, records: count, bytes: count, lines: count, made: count, key: fc.bigInt() },
      { requiredKeys: ['source', 'records'] },
    );
    const checkpoint = fc.record(
      {
        cursor,
        finished: fc.array(fc.record({ source: count, from: count, to: count })),
        deadLettered: count,
        pipeline: fc.string({ unit: 'binary' }),
        state: fc.constantFrom('running', 'finished'),
      },
      { requiredKeys: [] },
    );
    const property = fc.property(fc.string({ unit: 'binary' }), checkpoint, (run, given) => {
      const document = { run, checkpoint: given as Checkpoint };
      expect(decodeDocument(encodeDocument(document), 'c')).toEqual(document);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('keeps its form, so that every later version can read it', () => {
    const document = {
      run: 'a',
      checkpoint: { cursor: { source: 0, records: 5 }, state: 'running' as const },
    };
    expect(Buffer.from(encodeDocument(document)).toString()).toBe(
      `chain-reaction checkpoint 1 sha256 ee5cd0b7619afe6312b5c7e6d879edec818af57267a0c90838bdfbb3d8a9ad73
{"run":"a","checkpoint":{"cursor":{"source":0,"records":5},"state":"running"}}\n`,
    );
  });

  test('is refused when it is cut short, wherever', () => {
    const accepted = Array.from(BYTES.keys()).filter(
      (length) => codeOf(BYTES.subarray(0, length)) !== 'CHECKPOINT_CORRUPT',
    );
    expect(accepted).toEqual([]);
  });

  test('is refused when any one bit of it is flipped', () => {
    const accepted: string[] = [];
    for (let i = 0; i < BYTES.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Uint8Array.from(BYTES);
        flipped[i]! ^= 1 << bit;
        if (codeOf(flipped) === undefined) accepted.push(`byte ${i}, bit ${bit}`);
      }
    }
    expect(accepted).toEqual([]);
  });

  test('counts when bytes are added that are no notes', () => {
    for (const added of ['\n', 'a note\n', BYTES, Buffer.alloc(4_096), Buffer.of(0xff, 0x0a)])
      expect(decodeDocument(Buffer.concat([BYTES, Buffer.from(added)]), 'c')).toStrictEqual(DOCUMENT);
  });

  test('is refused when bytes are left out', () => {
    const without = Array.from(BYTES.keys(), (i) =>
      Buffer.concat([BYTES.subarray(0, i), BYTES.subarray(i + 1)]),
    );
    expect(without.filter((bytes) => codeOf(bytes) === undefined)).toEqual([]);
  });

  test.each<[string, Uint8Array, ErrorCode]>([
    ['an empty file', Buffer.alloc(0), 'CHECKPOINT_CORRUPT'],
    ['zeros, as a power cut may leave', Buffer.alloc(500), 'CHECKPOINT_FOREIGN'],
    ['records', Buffer.from('{"id":1}\n'), 'CHECKPOINT_FOREIGN'],
    ['a database', Buffer.from('SQLite format 3\0'), 'CHECKPOINT_FOREIGN'],
    ['a newer version', file('whatever it may hold', '2'), 'CHECKPOINT_NEWER'],
    ['a much newer version', file('', '900'), 'CHECKPOINT_NEWER'],
    [
      'a newer version that is damaged',
      Buffer.concat([file('a', '2'), Buffer.from('b')]),
      'CHECKPOINT_CORRUPT',
    ],
    ['version 0', file('{"run":"a","checkpoint":{}}\n', '0'), 'CHECKPOINT_CORRUPT'],
    ['version 01', file('{"run":"a","checkpoint":{}}\n', '01'), 'CHECKPOINT_CORRUPT'],
    ['no JSON', file('{"run":'), 'CHECKPOINT_CORRUPT'],
    [
      'no UTF-8',
      file(Buffer.concat([Buffer.from('{"run":"'), Buffer.of(0xff), Buffer.from('","checkpoint":{}}')])),
      'CHECKPOINT_CORRUPT',
    ],
  ])('takes %s for what it is', (_name, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test.each([
    'null',
    '[]',
    '7',
    '{}',
    '{"run":"a"}',
    '{"checkpoint":{}}',
    '{"run":1,"checkpoint":{}}',
    '{"run":"a","checkpoint":null}',
    '{"run":"a","checkpoint":[]}',
    '{"run":"a","checkpoint":{"cursor":5}}',
    '{"run":"a","checkpoint":{"cursor":{}}}',
    '{"run":"a","checkpoint":{"cursor":{"source":0}}}',
    '{"run":"a","checkpoint":{"cursor":{"source":0,"records":-1}}}',
    '{"run":"a","checkpoint":{"cursor":{"source":0,"records":1.5}}}',
    '{"run":"a","checkpoint":{"cursor":{"source":0,"records":1e300}}}',
    '{"run":"a","checkpoint":{"cursor":{"source":0,"records":{"$number":"NaN"}}}}',
    '{"run":"a","checkpoint":{"cursor":{"source":0,"records":{"$bigint":"5"}}}}',
    '{"run":"a","checkpoint":{"finished":{}}}',
    '{"run":"a","checkpoint":{"finished":[[0,1]]}}',
    '{"run":"a","checkpoint":{"finished":[{"source":0,"from":1}]}}',
    '{"run":"a","checkpoint":{"state":"done"}}',
    '{"run":"a","checkpoint":{"deadLettered":"7"}}',
    '{"run":"a","checkpoint":{"sources":[{"size":1}]}}',
    '{"run":"a","checkpoint":{"sources":[{"name":"a","head":{"from":0,"to":1,"sha256":"x"}}]}}',
  ])('does not trust %s, whatever its checksum says', (body) => {
    expect(codeOf(file(body))).toBe('CHECKPOINT_CORRUPT');
  });

  test('is not made of what is no checkpoint', () => {
    const wrong = { cursor: { source: 0, records: Number.NaN } };
    expect(() => encodeDocument({ run: 'a', checkpoint: wrong })).toThrow(TypeError);
  });
});
