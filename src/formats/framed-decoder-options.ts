import type { PutJson } from '../core/byte-block.ts';
import type { DecodeContext } from '../core/format.ts';
import type { CsvShape, RecordBytes, RecordFormat } from '../core/record-block.ts';
import type { Framer } from '../scan/index.ts';
import type { CheckedRun, DecodedRun, RecordFlaw } from './record-flaw.ts';

/** What a format adds to the steps that all of them share. */
export interface FramedDecoderOptions<T> {
  readonly context: DecodeContext;
  readonly framer: Framer;
  readonly format: RecordFormat;
  readonly maxRecordBytes: number;
  /** Where line feeds are that are counted: only between records, or inside of them, too. @default they are not counted */
  readonly lines?: 'between' | 'anywhere';
  /** Whether a malformed record leaves the next one findable. */
  readonly isRecoverable: boolean;
  readonly decode: (encoded: RecordBytes) => DecodedRun<T>;
  /** What `decode` would find wrong, without decoding; absent where that would save nothing. */
  readonly check?: ((encoded: RecordBytes) => CheckedRun) | undefined;
  /** Blocks after the last look at records until they are taken to stay bytes again. @default 256 */
  readonly lookLasts?: number;
  /** Takes the first record, which is a header and counts as none; returns what is wrong with it. */
  readonly takeHeader?: ((encoded: RecordBytes) => RecordFlaw | undefined) | undefined;
  /** How the records become objects, once that is known. */
  readonly csv?: (() => CsvShape | undefined) | undefined;
  /** Makes JSON of the bytes of records, where that takes no decoder. */
  readonly putJson?: PutJson | undefined;
  /** What the input lacks when the framer says that it is incomplete. */
  readonly incomplete?: string;
  /** What a decoder that begins at a cursor needs of the beginning of the input. @default nothing */
  readonly prepare?: ((bytes: Uint8Array) => boolean) | undefined;
}
