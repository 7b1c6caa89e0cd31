import { isUtf8 } from 'node:buffer';
import type { CsvCheck } from '../engine.ts';
import { CsvFields } from './csv-fields.ts';

/** The indexes of the records that only a decoder can judge. */
export function doubtfulCsv(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  check: CsvCheck,
): readonly number[] {
  const fields = new CsvFields(check);
  const areUtf8 = starts.length === 0 || isUtf8(bytes.subarray(starts[0], ends.at(-1)));
  const doubtful: number[] = [];
  for (let record = 0; record < starts.length; record++) {
    const [start, end] = [starts[record]!, ends[record]!];
    const isPlain = fields.find(bytes, start, end) && fields.count === (check.width ?? fields.count);
    if (!isPlain || !(areUtf8 || isUtf8(bytes.subarray(start, end)))) doubtful.push(record);
  }
  return doubtful;
}
