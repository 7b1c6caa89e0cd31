import type { RecordBytes } from '../core/record-block.ts';
import type { JsonProjector } from '../scan/index.ts';

/**
 * Where the fields of a projector are in records of JSON: looked up where they were found while the records were checked,
 * else looked for; and asked for in the records that come later.
 */
export function fieldsIn(encoded: RecordBytes, projector: JsonProjector): Int32Array {
  const { located, search, bytes, starts, ends } = encoded;
  if (search !== undefined) search.by = projector;
  return located?.by === projector ? located.table : projector.locate(bytes, starts, ends);
}
