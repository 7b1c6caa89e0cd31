import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf, PipelineError } from '../core/errors.ts';
import { expectKind } from '../core/options.ts';
import type { ByteContent, Source } from '../core/source.ts';

/** Pieces this large are read at the speed of memory, and frame well. */
const PIECE_BYTES = 256 * 1024;

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
    open: async ({ signal, from = 0 }) => {
      signal.throwIfAborted();
      return openFile(name, signal, from);
    },
  };
}

async function openFile(name: string, signal: AbortSignal, from: number): Promise<ByteContent> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(name);
    const stats = await handle.stat();
    if (stats.isDirectory())
      throw new Error('It is a folder; name its files, or use a glob such as folder/*.json');
    const stream = createReadStream('', {
      fd: handle,
      highWaterMark: PIECE_BYTES,
      signal,
      ...(from > 0 && { start: from }),
    });
    const content = { kind: 'bytes' as const, pieces: piecesOf(stream, name) };
    return stats.isFile() ? { ...content, size: stats.size } : content;
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
