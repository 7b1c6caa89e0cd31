import { expect, test, vi } from 'vitest';
import { watched } from '../../src/core/watched.ts';
import { BatchProcessor, summaryOf } from '../../src/index.ts';

test('watched() tells what a promise rejects with, and waits for nothing', async () => {
  const told = vi.fn();
  watched(undefined, told);
  watched(Promise.resolve(1), told);
  expect(told).not.toHaveBeenCalled();
  watched(Promise.reject(new Error('no')), told);
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith(new Error('no')));
});

const records = Array.from({ length: 5_000 }, (_, id) => ({ id }));
const rejects = async () => {
  throw new Error('the callback failed');
};

test.each(['onProgress', 'onSource', 'onRetry', 'onPause'])(
  'a run ends with what %s rejects with, and nothing is unhandled',
  async (name) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    let attempts = 0;
    const run = new BatchProcessor({
      source: records,
      sink: async () => {
        await new Promise(setImmediate);
        if (++attempts === 2) throw Object.assign(new Error('wait'), { statusCode: 429, status: 429 });
      },
      batchSize: 100,
      retry: {
        initialDelayMs: 1,
        ...(name.startsWith('onR') || name === 'onPause' ? { [name]: rejects } : {}),
      },
      ...(name === 'onProgress' || name === 'onSource' ? { [name]: rejects } : {}),
    }).run();
    const error: unknown = await run.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: 'the callback failed' });
    expect(summaryOf(error)!.written).toBeLessThan(records.length);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  },
);
