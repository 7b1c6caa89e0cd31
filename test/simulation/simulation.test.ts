import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { simulate } from './simulate.ts';
import { freezeTime } from './virtual-time.ts';

/** How many jobs are simulated, and the seed of the first. The script `test:simulation` runs 20,000. */
const COUNT = Number(process.env.SIMULATION_SEEDS ?? 600);
const FIRST = Number(process.env.SIMULATION_FIRST ?? 1);
const BATCH = 100;

/** Each fault and each way out of it must have happened, or the simulation proves little. */
const SOMETIMES = [
  'fault: delay',
  'fault: unreachable',
  'fault: throttle',
  'fault: timeOut',
  'fault: cut',
  'fault: applyThenFail',
  'fault: partial',
  'the source is cut',
  'a chunk is retried',
  'the brake closes',
  'a probe fails',
  'more go after a probe',
  'the circuit stays open',
  'the retry budget is used up',
  'a chunk comes again under its id',
  'a chunk is refused for its records',
  'single records are refused',
  'a chunk has overtaken another',
  'a chunk boundary divides a record',
  'order is kept among several chunks',
  'a sink bears more chunks at once',
  'chunks become smaller',
  'a run crashes',
  'a chunk is noted',
  'a power cut takes notes back',
  'a run ends with ABORTED',
  'a run ends with WRITE_FAILED',
  'a run ends with SOURCE_TRUNCATED',
  'a run ends with MALFORMED_RECORD',
  'a job is finished by a later run',
  'duplicates are possible, and counted',
  'records are filtered',
  'records are added',
  'letter: REFUSED_RECORD',
  'letter: MALFORMED_RECORD',
];

beforeEach(freezeTime);
afterEach(() => {
  vi.useRealTimers();
});

describe('Simulated jobs', () => {
  const seen = new Set<string>();
  const batches = Array.from({ length: Math.ceil(COUNT / BATCH) }, (_, i) => FIRST + i * BATCH);

  test.each(batches)(
    'lose nothing, and count right: 100 seeds from %i',
    { timeout: 600_000 },
    async (first) => {
      const unhandled = vi.fn<(reason: unknown) => void>();
      process.on('unhandledRejection', unhandled);
      for (let seed = first; seed < Math.min(first + BATCH, FIRST + COUNT); seed++) {
        const { wrongs, world } = await simulate(seed);
        expect({ seed, wrongs }).toEqual({ seed, wrongs: [] });
        for (const each of world.sometimes) seen.add(each);
      }
      process.off('unhandledRejection', unhandled);
      expect(unhandled.mock.calls).toEqual([]);
    },
  );

  test('meet every fault, and every way out of it', () => {
    expect(SOMETIMES.filter((each) => !seen.has(each))).toEqual([]);
  });

  test('go the same way when they are simulated again', async () => {
    for (let seed = FIRST; seed < FIRST + 10; seed++) {
      const [one, other] = [await simulate(seed), await simulate(seed)];
      expect(other.summaries).toEqual(one.summaries);
      expect([...other.world.written]).toEqual([...one.world.written]);
    }
  });
});
