import type { Chunk } from '../core/chunk.ts';
import type { Sink } from '../core/sink.ts';
import { type Column, type Columns, columnsFrom } from '../formats/columns.ts';
import { samplesOf } from '../formats/csv-lines.ts';
import { isObjectRecord, type ObjectRecord, valueAt } from '../formats/object-record.ts';
import { columnsOf } from './columns.ts';

/** So many names are shown of those that the records have. */
const SHOWN = 20;

/** The same sink, which tells of columns that no record of the first chunk has: they may stay empty, and nobody would know. */
export function tellingAbsent(sink: Sink, columns: Columns, tell: (text: string) => void): Sink {
  const write = sink.write.bind(sink);
  const wanted = columnsFrom(columns);
  let isFirst = true;
  return Object.assign(sink, {
    write: (...[chunk, context]: Parameters<Sink['write']>) => {
      if (isFirst) tellAbsent(chunk, wanted, tell);
      isFirst = false;
      return write(chunk, context);
    },
  });
}

function tellAbsent(chunk: Chunk, wanted: readonly Column[], tell: (text: string) => void): void {
  let absent = wanted;
  const names = new Set<string>();
  for (const records of parts(chunk)) {
    absent = absent.filter(({ path }) => records.every((record) => valueAt(record, path) === undefined));
    if (absent.length === 0) return;
    for (const name of columnsOf(records).keys()) names.add(name);
  }
  if (names.size === 0) return;
  const present = [...names].slice(0, SHOWN).map((name) => JSON.stringify(name));
  const others = names.size > SHOWN ? `, and ${names.size - SHOWN} more` : '';
  const hint = absent.some(({ path }) => path.length === 1 && path[0]!.includes('.')) ? INSIDE : '';
  tell(
    `--columns: no record of the first chunk has ${absent.map(shown).join(', ')}; they have ${present.join(', ')}${others}${hint}`,
  );
}

/** Records that are decoded at once: most often the first ones have all columns. */
const AT_ONCE = 100;

function* parts({ blocks }: Chunk): Generator<readonly ObjectRecord[], void> {
  for (const block of blocks)
    for (let from = 0; from < block.count; from += AT_ONCE)
      yield samplesOf(block.slice(from, Math.min(from + AT_ONCE, block.count))).filter(isObjectRecord);
}

const INSIDE = '; NAME=PATH takes what is inside of one, such as city=customer.city';

function shown({ name, path }: Column): string {
  const keys = path.join('.');
  return keys === name ? JSON.stringify(name) : `${JSON.stringify(keys)} for ${JSON.stringify(name)}`;
}
