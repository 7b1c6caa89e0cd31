import { scanEngine } from '../scan/index.ts';
import type { Region } from './carry.ts';

const LINE_FEED = 0x0a;

/** Counts the line feeds of regions that follow each other. */
export class LineCounter {
  readonly #places: 'between' | 'anywhere';
  #line: number;

  /** @param places whether records hold line feeds @param before lines before the first region */
  constructor(places: 'between' | 'anywhere', before = 0) {
    this.#places = places;
    this.#line = before + 1;
  }

  /** The line (from 1) on which what comes next begins. */
  get current(): number {
    return this.#line;
  }

  /** @returns the line on which each record of the region begins */
  count(region: Region): Uint32Array {
    return this.#places === 'between' ? this.#countBetween(region) : this.#countAnywhere(region);
  }

  /** Looks at what is between records only, byte by byte: most often that is one. */
  #countBetween({ bytes, starts, ends }: Region): Uint32Array {
    const lines = new Uint32Array(starts.length);
    let at = 0;
    for (let i = 0; i < starts.length; i++) {
      for (; at < starts[i]!; at++) if (bytes[at] === LINE_FEED) this.#line++;
      lines[i] = this.#line;
      at = ends[i]!;
    }
    for (; at < bytes.length; at++) if (bytes[at] === LINE_FEED) this.#line++;
    return lines;
  }

  #countAnywhere({ bytes, starts }: Region): Uint32Array {
    const lines = new Uint32Array(starts.length);
    this.#line = scanEngine().countLines(bytes, starts, lines, this.#line);
    return lines;
  }
}

/** How many line feeds there are from offset `from` up to, not including, `to`. */
export function countFeeds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED, from); at >= 0 && at < to; at = bytes.indexOf(LINE_FEED, at + 1))
    count++;
  return count;
}
