import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Fingerprint, HashedBytes } from '../core/checkpoint.ts';

/** Bytes at the beginning that are hashed, at most. */
const HEAD_BYTES = 64 * 1024;
/** Bytes before the position that are hashed, at most. */
const TAIL_BYTES = 4 * 1024;

/** An input whose bytes can be read at any place. */
export interface FingerprintInput {
  /** Path, or URL without credentials. */
  readonly name: string;
  /** Bytes of the whole input. */
  readonly size: number;
  readonly etag?: string;
  /** The bytes from offset `from` up to, not including, `to`; fewer when the input ends before. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/**
 * What tells the input from others, and whether what was read of it is still the same: name, size, ETag, and hashes of
 * its beginning and of the bytes before a position. A change that lies between those two and leaves the size as it is,
 * shows only in an ETag.
 * @param position offset up to which the input was read; the bytes of the input as they are stored
 */
export async function fingerprint(input: FingerprintInput, position: number): Promise<Fingerprint> {
  const end = Math.min(position, input.size);
  return measure(input, [0, Math.min(HEAD_BYTES, input.size)], [Math.max(end - TAIL_BYTES, 0), end]);
}

/** The fingerprint of what an input is now, taken at the places of an earlier one, to be compared with it. */
export async function fingerprintAgain(input: FingerprintInput, earlier: Fingerprint): Promise<Fingerprint> {
  const { head, tail } = earlier;
  return measure(input, head && [head.from, head.to], tail && [tail.from, tail.to]);
}

/**
 * The fingerprint of a file.
 * @param at a position, or an earlier fingerprint whose places are to be looked at again
 * @throws the error of the file system when the file cannot be read
 */
export async function fingerprintFile(file: string, at: number | Fingerprint): Promise<Fingerprint> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const read = async (from: number, to: number) => {
      const bytes = Buffer.alloc(to - from);
      let length = 0;
      for (let last = -1; length < bytes.length && last !== 0; length += last)
        last = (await handle.read(bytes, length, bytes.length - length, from + length)).bytesRead;
      return bytes.subarray(0, length);
    };
    const input = { name: file, size, read };
    return await (typeof at === 'number' ? fingerprint(input, at) : fingerprintAgain(input, at));
  } finally {
    await handle.close();
  }
}

/**
 * The hash of the bytes of a file before a position: 4 KiB, or all there are. At once, as it is asked for while the file
 * is being read: they are in memory, and to hand that to other threads would take longer.
 */
export function hashBefore(file: string, position: number): HashedBytes {
  const from = Math.max(position - TAIL_BYTES, 0);
  const bytes = Buffer.alloc(position - from);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    for (let last = -1; length < bytes.length && last !== 0; length += last)
      last = readSync(fd, bytes, length, bytes.length - length, from + length);
    return hashOf(bytes.subarray(0, length), from);
  } finally {
    closeSync(fd);
  }
}

type Place = readonly [from: number, to: number];

async function measure(
  input: FingerprintInput,
  head: Place | undefined,
  tail: Place | undefined,
): Promise<Fingerprint> {
  const { name, size, etag } = input;
  return {
    name,
    size,
    ...(etag !== undefined && { etag }),
    ...(head !== undefined && { head: await hashed(input, head) }),
    ...(tail !== undefined && { tail: await hashed(input, tail) }),
  };
}

async function hashed(input: FingerprintInput, [from, to]: Place): Promise<HashedBytes> {
  return hashOf(await input.read(from, to), from);
}

function hashOf(bytes: Uint8Array, from: number): HashedBytes {
  return { from, to: from + bytes.length, sha256: hash('sha256', bytes) };
}
