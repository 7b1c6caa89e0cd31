import type { Chunk } from '../core/chunk.ts';
import { PipelineError } from '../core/errors.ts';

/**
 * Which record of a chunk an error is about, by its index, as far as the error tells: a statement, an own position, the
 * line of a `COPY` of PostgreSQL, the row of an `INSERT` of MySQL. It may be wrong: check it.
 */
export function hintOf(error: unknown, chunk: Chunk): number | undefined {
  let each = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof each === 'object' && each !== null; depth++) {
    const found = hintIn(each as HintFields, chunk);
    if (found !== undefined && Number.isInteger(found) && found >= 0 && found < chunk.count) return found;
    each = (each as HintFields).cause;
  }
  return undefined;
}

const MAX_CAUSES = 10;

interface HintFields {
  /** Index of the record in the chunk: of MongoDB's write errors, and of any sink that knows it. */
  readonly index?: unknown;
  /** Of PostgreSQL's errors: `COPY orders, line 17, column id: "x"`. */
  readonly where?: unknown;
  /** Of MySQL's errors: `Data too long for column 'name' at row 17`. */
  readonly sqlMessage?: unknown;
  readonly cause?: unknown;
}

function hintIn(error: HintFields, chunk: Chunk): number | undefined {
  if (typeof error.index === 'number') return error.index;
  if (error instanceof PipelineError) return indexAt(error, chunk);
  return (
    numberBehind(/^COPY .*?, line (\d+)/, error.where) ?? numberBehind(/ at row (\d+)$/, error.sqlMessage)
  );
}

function indexAt({ position }: PipelineError, chunk: Chunk): number | undefined {
  if (position === undefined) return undefined;
  const { record, byte } = position;
  for (let i = 0; i < chunk.count; i++) {
    const at = chunk.position(i);
    if (at.record === record && at.byte === byte) return i;
  }
  return undefined;
}

/** Lines and rows count from 1. */
function numberBehind(words: RegExp, text: unknown): number | undefined {
  const found = typeof text === 'string' ? words.exec(text)?.[1] : undefined;
  return found === undefined ? undefined : Number(found) - 1;
}
