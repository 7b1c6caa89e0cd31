import { isAscii, isUtf8 } from 'node:buffer';
import type { RecordBytes } from '../core/record-block.ts';
import { FlawError } from './record-flaw.ts';

/**
 * The text of a record by its index. Bytes that are not UTF-8 are refused: nothing is replaced.
 * The check runs once for all records; only when it fails record by record.
 */
export function textOfRecords({ bytes, starts, ends }: RecordBytes): (index: number) => string {
  const last = starts.length - 1;
  if (last < 0) return () => '';
  const all = asBuffer(bytes);
  const run = all.subarray(starts[0], ends[last]);
  if (isAscii(run)) return (index) => all.toString('latin1', starts[index], ends[index]);
  if (isUtf8(run)) return (index) => all.toString('utf8', starts[index], ends[index]);
  return (index) => {
    expectUtf8(all.subarray(starts[index], ends[index]));
    return all.toString('utf8', starts[index], ends[index]);
  };
}

/** @throws FlawError when the bytes of a record are not UTF-8 */
export function expectUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) throw new FlawError('INVALID_UTF8', 'The record is not valid UTF-8');
}

/** The same bytes, with the methods of a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
