import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from './exit-codes.ts';
import { isUrl } from './places.ts';
import { DATABASES, describeSink, type SinkPlace } from './sink-argument.ts';

/** The flags about going on where an earlier run has stopped. */
export interface CheckpointFlags {
  readonly checkpoint?: string;
  readonly restart?: boolean;
  readonly allowGrowth?: boolean;
  readonly grace?: string;
}

/** Where a run notes how far it has come: nowhere, in its sink, or in a file. */
export type CheckpointPlace =
  | { readonly kind: 'off' }
  | { readonly kind: 'ledger' }
  | { readonly kind: 'file'; readonly file: string };

/** Sinks that note each chunk in the transaction that writes it. */
const HAS_LEDGER: ReadonlySet<SinkPlace['kind']> = new Set<SinkPlace['kind']>(DATABASES);

/**
 * Where the run of a command notes how far it has come. Without the flag: in a sink that has a ledger, beside the output
 * file, else beside the first source; nowhere where there is nothing to go on from (stdin) or to (stdout).
 * @throws UsageError when the flags contradict each other
 */
export function checkpointPlace(
  { checkpoint, restart }: CheckpointFlags,
  sources: readonly string[],
  sink: SinkPlace,
): CheckpointPlace {
  if (checkpoint === 'off' && restart === true)
    throw new UsageError('--restart makes no sense with --checkpoint off: such a run always begins anew');
  if (checkpoint === 'off') return { kind: 'off' };
  if (checkpoint !== undefined) return { kind: 'file', file: checkpoint };
  if (sink.kind === 'stdout' || sources.includes('-')) return { kind: 'off' };
  if (HAS_LEDGER.has(sink.kind)) return { kind: 'ledger' };
  if (sink.kind === 'file' && /\.br$/i.test(sink.file)) return { kind: 'off' }; // has no parts to go on behind
  if (sink.kind === 'file' && !isWritable(dirname(sink.file))) return { kind: 'off' }; // of which the sink tells more
  if (sink.kind === 'file') return { kind: 'file', file: beside(sink.file, sources) };
  return { kind: 'file', file: besideSource(sources, describeSink(sink)) };
}

function besideSource(sources: readonly string[], sink: string): string {
  const [first = ''] = sources;
  const path = isUrl(first) ? new URL(first).pathname : first;
  const folder = isUrl(first) || !isWritable(dirname(path)) ? '.' : dirname(path);
  return beside(join(folder, basename(path).replaceAll(/[^\w.-]/g, '_') || 'records'), [...sources, sink]);
}

/** One for each pair of sources and sink: either may belong to several. */
function beside(path: string, places: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(places)).digest('hex').slice(0, 8);
  return join(dirname(path), `.${basename(path)}.${hash}.checkpoint`);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
