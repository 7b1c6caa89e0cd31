import { type Framer, ScanError } from '../../src/scan/index.ts';

export interface Framed {
  /** The bytes of each record, as text. */
  readonly records: readonly string[];
  /** Kind and offset of the error, such as `syntax@12`. */
  readonly error: string | undefined;
}

/** Feeds the input cut at the given offsets, and checks on the way what holds for every piece. */
export function framed(framer: Framer, input: Uint8Array, cuts: readonly number[] = []): Framed {
  const records: string[] = [];
  let from = 0;
  let kept = 0;
  const take = (call: () => ReturnType<Framer['end']>, length: number) => {
    const { count, starts, ends, rest } = call();
    for (let i = 0; i < count; i++) {
      const start = from + starts[i]!;
      const end = from + ends[i]!;
      if (start < kept || end <= start || end > from + length)
        throw new Error(`Record ${start}–${end} after ${kept}`);
      records.push(Buffer.from(input.buffer, input.byteOffset + start, end - start).toString('latin1'));
      kept = end;
    }
    if (length > 0 && (rest > length || from + rest < kept)) throw new Error(`Rest ${rest} of ${length}`);
    kept = Math.max(kept, from + rest);
  };
  try {
    for (const to of [...cuts, input.length]) {
      const piece = input.slice(from, to);
      take(() => framer.push(piece), piece.length);
      from = to;
    }
    take(() => framer.end(), 0);
    return { records, error: undefined };
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return { records, error: `${error.kind}@${error.offset}` };
  }
}

/** Where to cut so that all pieces but the last have the same size. */
export function everyNth(length: number, size: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil(length / size) - 1) }, (_, i) => (i + 1) * size);
}

export const PIECE_SIZES = [1, 2, 3, 7, 63, 64, 65, 4_096, 65_536];
