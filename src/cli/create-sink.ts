import type { OpenContext, Sink } from '../core/sink.ts';
import type { StdoutSinkOptions } from '../sinks/stdout-sink.ts';
import { chosenColumns, chosenNames } from './chosen-columns.ts';
import type { HeaderValues } from './headers.ts';
import type { SinkFlags, SinkPlace, TablePlace } from './sink-argument.ts';

/** The sink of a place; only its own module is loaded. @throws TypeError when it cannot be made so */
export async function createSink(
  place: SinkPlace,
  flags: SinkFlags,
  headers: HeaderValues | undefined,
): Promise<Sink> {
  if (place.kind === 'file') return file(place.file, flags);
  if (place.kind === 'http') return http(place.url, flags, headers);
  if (place.kind === 'sqlite') {
    const { sqliteSink } = await import('../sinks/sqlite-sink.ts');
    return sqliteSink({ file: place.file, ...tableOf(place, flags) });
  }
  if (place.kind === 'postgres') {
    const { postgresSink } = await import('../sinks/postgres-sink.ts');
    return postgresSink({ url: place.url, ...tableOf(place, flags) });
  }
  if (place.kind === 'mariadb') {
    const { mariadbSink } = await import('../sinks/mariadb-sink.ts');
    return mariadbSink({ url: place.url, ...tableOf(place, flags) });
  }
  const { stdoutSink } = await import('../sinks/stdout-sink.ts');
  return stdoutSink(encodingOf(flags));
}

/** The same sink, which tells when it is opened to go on with what an earlier run has begun. */
export function tellingContinued(sink: Sink, onContinued: () => void): Sink {
  const open = sink.open?.bind(sink);
  return Object.assign(sink, {
    open: async (context: OpenContext) => {
      if (context.resume?.isContinued === true) onContinued();
      await open?.(context);
    },
  });
}

async function file(path: string, flags: SinkFlags): Promise<Sink> {
  const { fileSink } = await import('../sinks/file-sink.ts');
  const { ifExists } = flags;
  return fileSink({ file: path, ...encodingOf(flags), ...(ifExists !== undefined && { ifExists }) });
}

/** How records become text. */
function encodingOf({ to, columns, escapeFormulas }: SinkFlags): StdoutSinkOptions {
  return {
    ...(to !== undefined && { format: to }),
    ...(columns !== undefined && { columns: chosenColumns(columns) }),
    ...(escapeFormulas !== undefined && { escapeFormulas }),
  };
}

async function http(url: string, flags: SinkFlags, headers?: HeaderValues): Promise<Sink> {
  const { method, body, keysHonoured } = flags;
  const { httpSink } = await import('../sinks/http-sink.ts');
  return httpSink({
    url,
    ...(headers !== undefined && { headers }),
    ...(method !== undefined && { method }),
    ...(body !== undefined && { body }),
    ...(keysHonoured !== undefined && { keysHonoured }),
  });
}

/** What the sinks of all databases are told of the table. */
function tableOf(place: TablePlace, { columns, key, ifExists }: SinkFlags) {
  const keys = key?.split(',') ?? place.key;
  return {
    table: place.table,
    ...(columns !== undefined && { columns: chosenNames(columns) }),
    ...(keys !== undefined && { key: keys }),
    ...(ifExists !== undefined && { ifExists }),
  };
}
