import { refuseShared } from '../files/shared-file.ts';
import type { CheckpointPlace } from './checkpoint-place.ts';
import { isUrl } from './places.ts';
import type { SinkPlace } from './sink-argument.ts';

/** The places of a command. */
export interface Places {
  readonly sources: readonly string[];
  readonly sink: SinkPlace;
  readonly checkpoint: CheckpointPlace;
  readonly flags: { readonly deadLetters?: string; readonly summary?: string };
}

/** What a run writes beside its data must not be where other things are. @throws TypeError before anything is opened */
export function refuseSharedFiles({ sources, sink, checkpoint, flags }: Places): void {
  const paths = sources.filter((source) => source !== '-' && !isUrl(source));
  const data = [
    ...paths.map((file) => ({ what: 'source', file })),
    { what: 'sink', file: 'file' in sink ? sink.file : undefined },
  ];
  const store = { what: '--checkpoint', file: 'file' in checkpoint ? checkpoint.file : undefined };
  const letters = { what: '--dead-letters', file: flags.deadLetters };
  refuseShared(store, data);
  refuseShared(letters, [...data, store]);
  refuseShared({ what: '--summary', file: flags.summary }, [...data, store, letters]);
}
