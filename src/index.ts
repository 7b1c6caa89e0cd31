export type {
  Checkpoint,
  CheckpointProgress,
  CheckpointStore,
  Fingerprint,
  HashedBytes,
  RecordRange,
} from './core/checkpoint.ts';
export { type Chunk, createChunk, type SourceRange } from './core/chunk.ts';
export type { DeadLetter, DeadLetters, LetteringRun, LetterRecord } from './core/dead-letter.ts';
export { ERROR_CODES, type ErrorCode, PartialWriteError, PipelineError } from './core/errors.ts';
export type { DecodeContext, Decoder, Encoder, Format, MalformedRecord } from './core/format.ts';
export { functionSink, type SinkFunction, type SinkFunctionContext, toSink } from './core/function-sink.ts';
export { ObjectBlock } from './core/object-block.ts';
export type { Cursor, Position } from './core/position.ts';
export { type CsvShape, isRecordBlock, type RecordBlock, type RecordBytes } from './core/record-block.ts';
export type {
  CloseContext,
  Guarantee,
  OpenContext,
  ResumeContext,
  Sink,
  SinkLimits,
  WriteContext,
} from './core/sink.ts';
export type { ByteContent, RecordContent, Source, SourceContent } from './core/source.ts';
export { Tally, type UnaccountedRange } from './core/tally.ts';
export { deadLettersInto } from './delivery/dead-letters-into.ts';
export { type DeliveryOptions, protect } from './delivery/protect.ts';
export { type PauseEvent, type RetryEvent, type RetryOptions } from './delivery/retry-options.ts';
export { retrying } from './delivery/retrying.ts';
export { UnsentError, WriteError } from './delivery/write-error.ts';
export { classify, isTransient } from './failures/classify.ts';
export { type Failure, type FailureKind } from './failures/failure.ts';
export { HttpError, httpError } from './failures/http-error.ts';
export { type Columns } from './formats/columns.ts';
export { type ProjectedValue, projectedValues } from './formats/project-values.ts';
export { recordOfLetter } from './formats/record-of-letter.ts';
export {
  BatchProcessor,
  type BatchProcessorOptions,
  type CheckpointOptions,
} from './pipeline/batch-processor.ts';
export {
  type ChunkProcessorOptions,
  type ProcessContext,
  Processor,
  type RecordProcessorOptions,
} from './pipeline/processor.ts';
export { type Pause, type Progress, type Summary, summaryOf } from './pipeline/summary.ts';
export { ChunkTransform, type ChunkTransformOptions } from './streams/chunk-transform.ts';
export { type DecodeOptions, decode } from './streams/decode.ts';
export { type OrderBy } from './streams/key-order.ts';
export { type WritingPace } from './streams/pace.ts';
export {
  type ReadOptions,
  type RecordReader,
  readRecords,
  type SourceEvent,
} from './streams/read-records.ts';
export { records } from './streams/records.ts';
export { RetryingWriter, type RetryingWriterOptions } from './streams/retrying-writer.ts';
export {
  many,
  none,
  stop,
  type TransformFunction,
  type TransformOptions,
  transform,
} from './streams/transform.ts';
export { type Predicate, type Schema, validate } from './streams/validate.ts';
