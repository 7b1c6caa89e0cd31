import { crc32 } from 'node:zlib';
import type { CheckpointProgress } from '../core/checkpoint.ts';
import { readExactJson, writeExactJson } from '../core/exact-json.ts';
import { isCheckpoint } from './checkpoint-shape.ts';

/**
 * The text of a note: JSON, on one line.
 * @throws TypeError when it lacks the shape of progress, or holds what is not plain data
 */
export function textOfNote(progress: CheckpointProgress): string {
  if (!isProgress(progress))
    throw new TypeError(`progress must have the members of progress, got ${JSON.stringify(progress)}`);
  return writeExactJson(progress);
}

/**
 * A note as it stands behind a document: a line with the CRC-32 of what it says and of the document that it belongs to,
 * as logs of databases have it. What a disk may show after a power cut of other documents is thereby no note of this one.
 * @param seal SHA-256 of the document, 64 hexadecimal digits
 */
export function encodeNote(seal: string, text: string): Uint8Array {
  return Buffer.from(`${checksum(seal, text)} ${text}\n`);
}

/** What the last note says, of those that are whole: one that is not ends them, as a power cut may. */
export function lastNote(seal: string, bytes: Uint8Array): CheckpointProgress | undefined {
  let last: string | undefined;
  for (const line of linesOf(bytes)) {
    const [crc, text] = [line.slice(0, DIGITS), line.slice(DIGITS + 1)];
    if (line[DIGITS] !== ' ' || crc !== checksum(seal, text)) break;
    last = text;
  }
  const progress = last === undefined ? undefined : readExactJson(last);
  return isProgress(progress) ? progress : undefined;
}

/** Hexadecimal digits of a CRC-32. */
const DIGITS = 8;

function isProgress(value: unknown): value is CheckpointProgress {
  const { finished, deadLettered } = (value ?? {}) as Partial<CheckpointProgress>;
  return isCheckpoint(value) && finished !== undefined && deadLettered !== undefined;
}

function checksum(seal: string, text: string): string {
  return crc32(`${seal} ${text}`).toString(16).padStart(DIGITS, '0');
}

/** The lines that have an end. */
function linesOf(bytes: Uint8Array): readonly string[] {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString().split('\n').slice(0, -1);
}
