import type { RestartPoint } from './checkpoint.ts';
import type { RecordBlock } from './record-block.ts';
import type { ReadAfter, SourceContent } from './source.ts';

/** Is told what is read of the sources of a run, numbered from 0, and throws when that is not what was read before. */
export interface ReadWatch {
  /** Behind which record a source of records may begin, when an earlier run has got there. */
  after(source: number): ReadAfter | undefined;
  /** A source is open. @returns whether it is known to hold what it held before, so that it may be read from a place on */
  opened(source: number, content: SourceContent): boolean;
  /** Decompression of a source can begin at a place. */
  restarts(source: number, point: RestartPoint): void;
  /** Where decompression can begin, as an earlier run has noted it: before its cursor. */
  restart(source: number): RestartPoint | undefined;
  /** A block was read, of which nothing is left out yet. */
  passed(source: number, block: RecordBlock): void;
  /** A source that was read from its beginning has come to its end. */
  ended(source: number): void;
}
