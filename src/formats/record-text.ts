import { isAscii, isUtf8 } from 'node:buffer';
import type { RecordBytes } from '../core/record-block.ts';
import { FlawError } from './record-flaw.ts';

/** How bytes are made text. */
export type Encoding = 'latin1' | 'utf8';

/** What all records are encoded in; `undefined` when one of them, or what is between them, is not UTF-8. */
export function encodingOf({ bytes, starts, ends }: RecordBytes): Encoding | undefined {
  const run = bytes.subarray(starts[0], ends.at(-1));
  if (isAscii(run)) return 'latin1';
  return isUtf8(run) ? 'utf8' : undefined;
}

/**
 * The text of a record by its index. Bytes that are not UTF-8 are refused: nothing is replaced.
 * The check runs once for all records; only when it fails record by record.
 */
export function textOfRecords(
  encoded: RecordBytes,
  encoding: Encoding | undefined = encodingOf(encoded),
): (index: number) => string {
  const { bytes, starts, ends } = encoded;
  const all = asBuffer(bytes);
  if (encoding !== undefined) return (index) => all.toString(encoding, starts[index], ends[index]);
  return (index) => {
    expectUtf8(all.subarray(starts[index], ends[index]));
    return all.toString('utf8', starts[index], ends[index]);
  };
}

/** @throws FlawError when the bytes of a record are not UTF-8 */
export function expectUtf8(bytes: Uint8Array, what = 'The record'): void {
  if (!isUtf8(bytes)) throw new FlawError('INVALID_UTF8', `${what} is not valid UTF-8`);
}

/** The same bytes, with the methods of a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
