import type { Chunk } from '../../src/core/chunk.ts';
import { ERROR_CODES, type ErrorCode, PipelineError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { chunkOf } from '../../src/testing/index.ts';

export const signal = new AbortController().signal;
export const context = { attempt: 1, signal };

/** Writes each list of records as a chunk, in one run. */
export async function writeAll(sink: Sink, ...lists: readonly (readonly unknown[])[]): Promise<void> {
  await sink.open?.({ signal });
  try {
    let before = 0;
    for (const [index, records] of lists.entries()) {
      await sink.write(chunkOf(records, { index, before }), context);
      before += records.length;
    }
  } catch (error) {
    await sink.close?.({ complete: false });
    throw error;
  }
  await sink.close?.({ complete: true });
}

/** The `PipelineError` that something fails with. */
export async function failureOf(work: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PipelineError && error.code in ERROR_CODES)
      return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('It did not fail');
}

export function writeOne(sink: Sink, chunk: Chunk): Promise<void> {
  return sink.write(chunk, context);
}
