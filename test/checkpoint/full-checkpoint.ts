import type { Checkpoint } from '../../src/core/checkpoint.ts';

/** A checkpoint with all that one can have. */
export const FULL_CHECKPOINT: Checkpoint = {
  cursor: { source: 1, records: 12_000, bytes: 9_007_199_254_740_991, lines: 12_001, made: 3 },
  finished: [
    { source: 1, from: 13_000, to: 14_000 },
    { source: 2, from: 0, to: 500 },
  ],
  pipeline: 'ab'.repeat(32),
  sources: [
    {
      name: 'orders-ü.ndjson',
      size: 123_456_789,
      etag: '"v1"',
      head: { from: 0, to: 65_536, sha256: '0'.repeat(64) },
      tail: { from: 120_000, to: 124_096, sha256: 'f'.repeat(64) },
    },
    { name: 'https://example.org/b.ndjson' },
  ],
  deadLettered: 7,
  state: 'running',
  savedAt: '2026-11-23T23:15:00.000Z',
};
