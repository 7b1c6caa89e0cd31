import { createHash } from 'node:crypto';
import type { Checkpoint } from '../core/checkpoint.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { readExactJson, writeExactJson } from '../core/exact-json.ts';
import { lastNote } from './checkpoint-notes.ts';
import { isCheckpoint } from './checkpoint-shape.ts';

/** What a checkpoint file holds. */
export interface CheckpointDocument {
  readonly run: string;
  readonly checkpoint: Checkpoint;
}

/**
 * The bytes of a checkpoint file: a line that names the kind of file, the version of what follows and the SHA-256 of
 * the next one, which is JSON. Notes may follow. Later versions keep the first line, so that each version can tell a newer file from
 * a damaged one.
 * @throws TypeError when the checkpoint holds what is not plain data, or lacks the shape of one
 */
export function encodeDocument({ run, checkpoint }: CheckpointDocument): Uint8Array {
  if (!isCheckpoint(checkpoint))
    throw new TypeError(
      `checkpoint must have the members of a checkpoint, got ${JSON.stringify(checkpoint)}`,
    );
  const body = Buffer.from(`${writeExactJson({ run, checkpoint })}\n`);
  return Buffer.concat([Buffer.from(`${MAGIC}${VERSION} sha256 ${digest(VERSION, body)}\n`), body]);
}

/** What the notes behind a document know it by. */
export function sealOf(document: Uint8Array): string {
  return FIRST_LINE.exec(Buffer.from(document.subarray(0, LONGEST_FIRST_LINE)).toString('latin1'))![2]!;
}

/**
 * What such bytes hold: what the document says, but for what the last note knows better.
 * @param file name for messages
 * @throws PipelineError `CHECKPOINT_FOREIGN`, `CHECKPOINT_CORRUPT` or `CHECKPOINT_NEWER`
 */
export function decodeDocument(bytes: Uint8Array, file: string): CheckpointDocument {
  const start = Buffer.from(bytes.subarray(0, LONGEST_FIRST_LINE)).toString('latin1');
  if (!start.startsWith(MAGIC) && !MAGIC.startsWith(start)) throw notACheckpoint(file);
  const first = FIRST_LINE.exec(start);
  if (first === null) throw corrupt(file, 'its first line is not complete');
  const [line, version, sha256] = first as unknown as [string, string, string];
  const end = bytes.indexOf(NEWLINE, line.length) + 1;
  const body = bytes.subarray(line.length, version === VERSION && end > 0 ? end : undefined);
  if (digest(version, body) !== sha256) throw corrupt(file, 'its checksum does not match');
  if (version !== VERSION)
    throw new PipelineError({
      code: 'CHECKPOINT_NEWER',
      message: `${file} was written by a newer version: it has version ${version}, known is ${VERSION}`,
    });
  const { run, checkpoint } = parse(body, file);
  return { run, checkpoint: { ...checkpoint, ...lastNote(sha256, bytes.subarray(end)) } };
}

/** What is under the name is no file of ours, and is left alone. */
export function notACheckpoint(
  file: string,
  reason = 'it does not begin as one',
  cause?: unknown,
): PipelineError {
  return new PipelineError({
    code: 'CHECKPOINT_FOREIGN',
    message: `${file} cannot be the checkpoint: ${reason}`,
    cause,
  });
}

const MAGIC = 'chain-reaction checkpoint ';
const VERSION = '1';
const FIRST_LINE = /^chain-reaction checkpoint ([1-9]\d{0,8}) sha256 ([0-9a-f]{64})\n/;
const LONGEST_FIRST_LINE = 128;
const NEWLINE = 0x0a;

function digest(version: string, body: Uint8Array): string {
  return createHash('sha256').update(`${MAGIC}${version}\n`).update(body).digest('hex');
}

/** The checksum guards against accidents only: what was made on purpose is looked at, too. */
function parse(body: Uint8Array, file: string): CheckpointDocument {
  let document: unknown;
  try {
    document = readExactJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch (cause) {
    throw corrupt(file, messageOf(cause), cause);
  }
  const { run, checkpoint } = (document ?? {}) as Partial<CheckpointDocument>;
  if (typeof run !== 'string' || !isCheckpoint(checkpoint))
    throw corrupt(file, 'it lacks what a checkpoint has');
  return { run, checkpoint };
}

function corrupt(file: string, reason: string, cause?: unknown): PipelineError {
  return new PipelineError({ code: 'CHECKPOINT_CORRUPT', message: `${file} is damaged: ${reason}`, cause });
}
