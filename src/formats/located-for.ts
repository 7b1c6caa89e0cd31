import type { RecordBytes } from '../core/record-block.ts';
import type { Projector } from '../scan/index.ts';

/**
 * Where the fields of a projector are, when that was found while the records were checked. It is asked for in the records
 * that come later.
 */
export function locatedFor(projector: Projector, { located, search }: RecordBytes): Int32Array | undefined {
  if (search !== undefined) search.by = projector;
  return located?.by === projector ? located.table : undefined;
}
