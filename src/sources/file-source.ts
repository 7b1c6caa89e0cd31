import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf, PipelineError } from '../core/errors.ts';
import { expectKind } from '../core/options.ts';
import { newPiece, PIECE_BYTES, type PiecePool } from '../core/piece-pool.ts';
import type { ByteContent, ReadContext, Source } from '../core/source.ts';

/** A file. @param path a path, or a `file:` URL */
export function fileSource(path: string | URL): Source {
  expectKind(
    'path',
    path,
    (typeof path === 'string' && path !== '') || path instanceof URL,
    'a path or a file: URL',
  );
  const name = path instanceof URL ? fileURLToPath(path) : path;
  return {
    name,
    file: name,
    open: async (context) => {
      context.signal.throwIfAborted();
      return openFile(name, context);
    },
  };
}

async function openFile(name: string, context: ReadContext): Promise<ByteContent> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(name);
    const stats = await handle.stat();
    if (stats.isDirectory())
      throw new Error('It is a folder; name its files, or use a glob such as folder/*.json');
    if (stats.isFile())
      return { kind: 'bytes', pieces: piecesOf(readAhead(handle, context), name), size: stats.size };
    // nobody knows when the next bytes of a pipe come: a stream lets go of it, too
    const stream = createReadStream('', {
      fd: handle,
      highWaterMark: PIECE_BYTES,
      signal: context.signal,
      ...(context.from !== undefined && { start: context.from }),
    });
    return { kind: 'bytes', pieces: piecesOf(stream, name) };
  } catch (cause) {
    await handle?.close();
    throw failure(name, 'opened', cause);
  }
}

async function* piecesOf(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* stream;
  } catch (cause) {
    throw failure(name, 'read', cause);
  }
}

/** Reads the next piece while the last one is looked at. */
async function* readAhead(
  handle: FileHandle,
  { signal, from = 0, pool }: ReadContext,
): AsyncGenerator<Uint8Array, void> {
  try {
    let next = readPiece(handle, from, pool);
    for (let position = from; ; ) {
      const piece = await next;
      signal.throwIfAborted();
      if (piece.length === 0) return;
      position += piece.length;
      next = readPiece(handle, position, pool);
      next.catch(() => undefined); // thrown in its turn
      yield piece;
    }
  } finally {
    await handle.close();
  }
}

async function readPiece(
  handle: FileHandle,
  position: number,
  pool: PiecePool | undefined,
): Promise<Uint8Array> {
  const memory = pool?.take() ?? newPiece();
  const { bytesRead } = await handle.read(memory, 0, memory.length, position);
  return memory.subarray(0, bytesRead);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file',
  EACCES: 'There is no permission to read it',
  EISDIR: 'It is a folder; name its files, or use a glob such as folder/*.json',
};

function failure(name: string, what: 'opened' | 'read', cause: unknown): unknown {
  if (cause instanceof Error && cause.name === 'AbortError') return cause;
  const reason = REASONS[(cause as { readonly code?: string }).code ?? ''] ?? messageOf(cause);
  const message = what === 'opened' ? reason : `The file could not be read: ${reason}`;
  return new PipelineError({ code: 'SOURCE_FAILED', message, cause, source: name });
}
