import type { Region } from './carry.ts';

const LINE_FEED = 0x0a;

/** Counts the line feeds of regions that follow each other. */
export class LineCounter {
  #line = 1;

  /** The line (from 1) on which what comes next begins. */
  get current(): number {
    return this.#line;
  }

  /** @returns the line on which each record of the region begins */
  count({ bytes, starts }: Region): Uint32Array {
    const lines = new Uint32Array(starts.length);
    let feed = bytes.indexOf(LINE_FEED);
    for (let i = 0; i < starts.length; i++) {
      for (; feed >= 0 && feed < starts[i]!; feed = bytes.indexOf(LINE_FEED, feed + 1)) this.#line++;
      lines[i] = this.#line;
    }
    for (; feed >= 0; feed = bytes.indexOf(LINE_FEED, feed + 1)) this.#line++;
    return lines;
  }
}
