import { toSink } from '../core/function-sink.ts';
import type { Source } from '../core/source.ts';
import { refuseShared } from '../files/shared-file.ts';
import type { BatchProcessorOptions } from './batch-options.ts';

/**
 * What is read may be replaced by what is made of it, but not by letters or a checkpoint, nor these by each other.
 * @throws TypeError
 */
export function refuseSharedFiles<In, Out>(
  { sink, deadLetters, checkpoint }: BatchProcessorOptions<In, Out>,
  sources: readonly Source[],
): void {
  const data = [
    ...sources.map(({ file }) => ({ what: 'source', file })),
    { what: 'sink', file: toSink(sink).file },
  ];
  const store = { what: 'checkpoint', file: checkpoint?.store?.file };
  refuseShared(store, data);
  refuseShared({ what: 'deadLetters', file: deadLetters?.file }, [...data, store]);
}
