import type { HeadNeed } from '../formats/detect.ts';

/** The beginning of a source. */
export interface Head {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: Uint8Array;
  /** Nothing comes after it. */
  readonly isWhole: boolean;
}

const MOST_HEAD = 64 * 1024;

/** The first bytes that are enough to detect the format, or all there are: no record waits for more. */
export async function readHead(pieces: AsyncIterator<Uint8Array>, need: HeadNeed): Promise<Head> {
  const head: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const next = await pieces.next();
    if (next.done) return { pieces: head, bytes: Buffer.concat(head), isWhole: true };
    head.push(next.value);
    length += next.value.length;
    if (length >= MOST_HEAD || (length > 0 && need === 'a byte') || (need === 'a line' && hasLine(head)))
      return { pieces: head, bytes: head.length === 1 ? head[0]! : Buffer.concat(head), isWhole: false };
  }
}

/** Whether a line that is not blank is whole; looked for only where the last piece ends one. */
function hasLine(pieces: readonly Uint8Array[]): boolean {
  return pieces.at(-1)!.includes(0x0a) && /\S[^\n]*\n/.test(Buffer.concat(pieces).toString('latin1'));
}
