import type { Cursor } from '../core/position.ts';
import type { Claim } from './ledger.ts';
import type { Note } from './ledger-notes.ts';

/** A note as the tables of all databases have it. */
export function noteOfRow(row: Readonly<Record<string, unknown>>): Note {
  const source = Number(row['source']);
  return {
    from: { source, record: Number(row['from_record']), made: Number(row['from_made']) },
    to: { source, record: Number(row['to_record']), made: Number(row['to_made']) },
    end: JSON.parse(String(row['end_cursor'])) as Cursor,
    id: String(row['id']),
  };
}

/**
 * The statement that notes what a chunk holds.
 * @param escape makes a literal of a text
 */
export function noteStatement(
  { run, epoch }: Claim,
  notes: readonly Note[],
  escape: (text: string) => string,
): string {
  const rows = notes.map(({ from, to, end, id }) => {
    const places = [from.source, from.record, from.made, to.record, to.made].join(', ');
    return `(${escape(run)}, ${epoch}, ${places}, ${escape(id)}, ${escape(JSON.stringify(end))})`;
  });
  return `INSERT INTO chain_reaction_chunk
    (run, epoch, source, from_record, from_made, to_record, to_made, id, end_cursor) VALUES ${rows.join(', ')}`;
}
