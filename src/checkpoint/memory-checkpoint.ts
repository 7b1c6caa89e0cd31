import type { Checkpoint, FullCheckpointStore } from '../core/checkpoint.ts';
import { PipelineError } from '../core/errors.ts';

/** Checkpoints that last as long as the process: for tests, and for trying a run again after it has failed. */
export function memoryCheckpoint(): FullCheckpointStore {
  const checkpoints = new Map<string, Checkpoint>();
  const taken = new Set<string>();
  return {
    open: async (run) => {
      if (taken.has(run))
        throw new PipelineError({
          code: 'CHECKPOINT_LOCKED',
          message: `Another run is using the checkpoint of ${run}`,
        });
      taken.add(run);
    },
    load: async (run) => checkpoints.get(run),
    save: async (run, checkpoint) => {
      checkpoints.set(run, structuredClone(checkpoint));
    },
    note: async (run, progress) => {
      checkpoints.set(run, { ...checkpoints.get(run), ...structuredClone(progress) });
    },
    reset: async (run) => {
      checkpoints.delete(run);
    },
    close: async (run) => {
      taken.delete(run);
    },
  };
}
