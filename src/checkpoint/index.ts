export type {
  Checkpoint,
  CheckpointProgress,
  CheckpointStore,
  Fingerprint,
  FullCheckpointStore,
  HashedBytes,
  RecordRange,
} from '../core/checkpoint.ts';
export { compareFingerprints, type FingerprintVerdict } from './compare-fingerprints.ts';
export { fileCheckpoint } from './file-checkpoint.ts';
export { type FingerprintInput, fingerprint, fingerprintAgain, fingerprintFile } from './fingerprint.ts';
export { FinishedRanges } from './finished-ranges.ts';
export { memoryCheckpoint } from './memory-checkpoint.ts';
