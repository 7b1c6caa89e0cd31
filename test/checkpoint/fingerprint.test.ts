import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compareFingerprints } from '../../src/checkpoint/compare-fingerprints.ts';
import {
  type FingerprintInput,
  fingerprint,
  fingerprintAgain,
  fingerprintFile,
} from '../../src/checkpoint/fingerprint.ts';

const KIB = 1024;
const folder = mkdtempSync(join(tmpdir(), 'fingerprint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes that repeat nowhere near. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0, state = 1; i < size; i++) {
    state = (state * 48_271) % 2_147_483_647;
    bytes[i] = state & 0xff;
  }
  return bytes;
}

function inputOf(bytes: Uint8Array, more: { name?: string; etag?: string } = {}): FingerprintInput {
  return { name: 'a', size: bytes.length, read: async (from, to) => bytes.subarray(from, to), ...more };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What is said of an input that was read up to `position`, after something became of it. */
async function verdict(before: FingerprintInput, position: number, after: FingerprintInput) {
  const earlier = await fingerprint(before, position);
  return compareFingerprints(earlier, await fingerprintAgain(after, earlier));
}

type Edit = (bytes: Buffer) => Buffer;
const flip =
  (at: number): Edit =>
  (bytes) => {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    return changed;
  };
const insert =
  (at: number, text = 'x'): Edit =>
  (bytes) =>
    Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at)]);
const remove =
  (at: number, count = 1): Edit =>
  (bytes) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]);
const cut =
  (size: number): Edit =>
  (bytes) =>
    bytes.subarray(0, size);
const replaced =
  (size: number): Edit =>
  () =>
    Buffer.from(content(size).toReversed());
const SIZE = 200 * KIB;
const AT = 150 * KIB;

describe('fingerprint', () => {
  test('holds the size, the first 64 KiB and the 4 KiB before the position', async () => {
    const bytes = content(SIZE);
    expect(await fingerprint(inputOf(bytes, { etag: '"1"' }), AT)).toEqual({
      name: 'a',
      size: SIZE,
      etag: '"1"',
      head: { from: 0, to: 64 * KIB, sha256: sha256(bytes.subarray(0, 64 * KIB)) },
      tail: { from: AT - 4 * KIB, to: AT, sha256: sha256(bytes.subarray(AT - 4 * KIB, AT)) },
    });
  });

  test.each([
    [0, 0, [0, 0], [0, 0]],
    [10, 0, [0, 10], [0, 0]],
    [10, 10, [0, 10], [0, 10]],
    [10, 99, [0, 10], [0, 10]],
    [64 * KIB, 5 * KIB, [0, 64 * KIB], [KIB, 5 * KIB]],
    [64 * KIB + 1, 64 * KIB + 1, [0, 64 * KIB], [60 * KIB + 1, 64 * KIB + 1]],
  ])('of %i bytes up to %i hashes %j and %j', async (size, position, head, tail) => {
    const found = await fingerprint(inputOf(content(size)), position);
    expect([found.head!.from, found.head!.to]).toEqual(head);
    expect([found.tail!.from, found.tail!.to]).toEqual(tail);
  });

  test('of a file is that of its bytes', async () => {
    const file = join(folder, 'same');
    writeFileSync(file, content(SIZE));
    expect(await fingerprintFile(file, AT)).toEqual(
      await fingerprint(inputOf(content(SIZE), { name: file }), AT),
    );
    await expect(fingerprintFile(join(folder, 'missing'), 0)).rejects.toThrow('ENOENT');
  });

  test('of a file is the same, grown or changed when the file is', async () => {
    const file = join(folder, 'grows');
    writeFileSync(file, content(SIZE));
    const earlier = await fingerprintFile(file, AT);
    const again = async () => compareFingerprints(earlier, await fingerprintFile(file, earlier));
    expect(await again()).toEqual({ kind: 'same' });
    appendFileSync(file, 'more');
    expect(await again()).toEqual({ kind: 'grown', by: 4 });
    truncateSync(file, SIZE - 1);
    expect(await again()).toEqual({ kind: 'changed', reason: 'it has 204,799 bytes, it had 204,800 bytes' });
    truncateSync(file, SIZE);
    expect(await again()).toEqual({ kind: 'same' });
    truncateSync(file, 10);
    truncateSync(file, SIZE);
    expect(await again()).toMatchObject({
      kind: 'changed',
      reason: 'its bytes from 0 to 65536 are not what they were',
    });
  });
});

describe('compareFingerprints takes for changed', () => {
  test.each<[string, number, number, Edit]>([
    ['the first byte flipped', SIZE, AT, flip(0)],
    ['a byte of the head flipped', SIZE, AT, flip(1_000)],
    ['the last byte of the head flipped', SIZE, AT, flip(64 * KIB - 1)],
    ['the first byte of the tail flipped', SIZE, AT, flip(AT - 4 * KIB)],
    ['the last byte before the position flipped', SIZE, AT, flip(AT - 1)],
    ['one byte cut off the end', SIZE, AT, cut(SIZE - 1)],
    ['cut at the position', SIZE, AT, cut(AT)],
    ['cut before the position', SIZE, AT, cut(AT - 1)],
    ['cut inside the head', SIZE, AT, cut(10)],
    ['emptied', SIZE, AT, cut(0)],
    ['a byte put in front', SIZE, AT, insert(0)],
    ['a BOM put in front', SIZE, AT, insert(0, '\ufeff')],
    ['a byte put into the head', SIZE, AT, insert(5_000)],
    ['a byte put at the end of the head', SIZE, AT, insert(64 * KIB - 1)],
    ['a byte put between head and tail', SIZE, AT, insert(100 * KIB)],
    ['a line put into the tail', SIZE, AT, insert(AT - 100, 'line\n')],
    ['a byte put before the last one read', SIZE, AT, insert(AT - 1)],
    ['the first byte removed', SIZE, AT, remove(0)],
    ['a line removed between head and tail', SIZE, AT, remove(100 * KIB, 80)],
    ['a line removed behind the position', SIZE, AT, remove(AT + 10, 80)],
    [
      'a byte moved from the head to the end',
      SIZE,
      AT,
      (b) => Buffer.concat([b.subarray(1), b.subarray(0, 1)]),
    ],
    ['a byte moved from the middle to the end', SIZE, AT, (b) => insert(SIZE - 1)(remove(100 * KIB)(b))],
    ['line breaks converted', SIZE, AT, (b) => Buffer.from(b.map((byte) => (byte === 10 ? 13 : byte)))],
    ['other bytes of the same size', SIZE, AT, replaced(SIZE)],
    ['other bytes, and more of them', SIZE, AT, replaced(2 * SIZE)],
    ['zeros of the same size', SIZE, AT, () => Buffer.alloc(SIZE)],
    ['blocks swapped', SIZE, AT, (b) => Buffer.concat([b.subarray(AT), b.subarray(0, AT)])],
    ['a small input with a byte flipped', 100, 50, flip(20)],
    ['a small input with a byte flipped behind the position', 100, 50, flip(99)],
    ['a small input with its last byte cut off', 100, 100, cut(99)],
    ['one byte that is another one', 1, 1, flip(0)],
    ['one byte that is gone', 1, 1, cut(0)],
    ['a head that is just full, flipped at its end', 64 * KIB, 0, flip(64 * KIB - 1)],
    ['a tail over the whole of what was read, flipped at its start', 70 * KIB, 4 * KIB, flip(0)],
    ['grown, and a byte of the head flipped', SIZE, AT, (b) => insert(SIZE)(flip(7)(b))],
    ['grown, and a byte of the tail flipped', SIZE, AT, (b) => insert(SIZE)(flip(AT - 7)(b))],
    [
      'read to its end, then cut and grown beyond it',
      SIZE,
      SIZE,
      (b) => insert(SIZE - 10, 'y'.repeat(50))(cut(SIZE - 10)(b)),
    ],
  ])('%s', async (_name, size, position, edit) => {
    const before = content(size);
    expect(await verdict(inputOf(before), position, inputOf(edit(before)))).toMatchObject({
      kind: 'changed',
      reason: expect.stringMatching(/^it has |^its bytes from /) as string,
    });
  });

  const bytes = content(100);
  const full = { name: 'a', size: 100, etag: '"1"', head: { from: 0, to: 9, sha256: sha256(bytes) } };
  test.each([
    ['another name', full, { ...full, name: 'b' }, 'it is "b", it was "a"'],
    ['another ETag', full, { ...full, etag: '"2"' }, 'it has another ETag'],
    ['a weak ETag for a strong one', full, { ...full, etag: 'W/"1"' }, 'it has another ETag'],
    ['an ETag that is gone', full, { ...full, etag: undefined }, 'its ETag is no longer known'],
    ['a size that is gone', full, { ...full, size: undefined }, 'its size is no longer known'],
    ['a head that is gone', full, { ...full, head: undefined }, 'its bytes from 0 to 9 are no longer known'],
    [
      'a head at other places',
      full,
      { ...full, head: { ...full.head, to: 8 } },
      'its bytes from 0 to 9 are not what they were',
    ],
    [
      'growth with another ETag where no bytes vouch for it',
      { name: 'a', size: 1, etag: '"1"' },
      { name: 'a', size: 2, etag: '"2"' },
      'it has another ETag',
    ],
  ])('%s', (_name, earlier, now, reason) => {
    expect(compareFingerprints(earlier, JSON.parse(JSON.stringify(now)))).toEqual({
      kind: 'changed',
      reason,
    });
  });
});

describe('compareFingerprints takes', () => {
  test.each<[string, number, number, Edit, object]>([
    ['an untouched input for the same', SIZE, AT, (b) => b, { kind: 'same' }],
    ['an empty input for the same', 0, 0, (b) => b, { kind: 'same' }],
    ['a change behind the position, of the same size, for the same', SIZE, AT, flip(AT), { kind: 'same' }],
    ['a change that no hash covers for the same', SIZE, AT, flip(100 * KIB), { kind: 'same' }],
    ['an appended byte for growth', SIZE, AT, insert(SIZE), { kind: 'grown', by: 1 }],
    ['an insertion behind the position for growth', SIZE, AT, insert(AT + 1), { kind: 'grown', by: 1 }],
    ['more of an input read to its end for growth', 10, 10, insert(10, 'more'), { kind: 'grown', by: 4 }],
    ['the first bytes of an empty input for growth', 0, 0, insert(0, 'abc'), { kind: 'grown', by: 3 }],
    [
      'growth beyond the head for growth',
      10,
      10,
      insert(10, 'x'.repeat(99_990)),
      { kind: 'grown', by: 99_990 },
    ],
  ])('%s', async (_name, size, position, edit, expected) => {
    const before = content(size);
    expect(await verdict(inputOf(before), position, inputOf(edit(before)))).toEqual(expected);
  });

  test('growth with another ETag for growth, when the bytes vouch for it', async () => {
    const before = content(SIZE);
    const after = insert(SIZE, 'more')(before);
    expect(await verdict(inputOf(before, { etag: '"1"' }), AT, inputOf(after, { etag: '"2"' }))).toEqual({
      kind: 'grown',
      by: 4,
    });
  });

  test('an input of which nothing but the name is known for the same', () => {
    expect(compareFingerprints({ name: 'a' }, { name: 'a', size: 9 })).toEqual({ kind: 'same' });
  });
});
