import type { Cursor } from '../core/position.ts';
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
