import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { writingOf } from '../../src/cli/writing-flags.ts';

describe('writingOf', () => {
  test('leaves every default to the library', () => {
    expect(writingOf({})).toEqual({ retry: {} });
  });

  test('reads numbers, sizes and times', () => {
    const flags = {
      batchSize: '500',
      maxBytes: '20MB',
      maxWait: '2s',
      concurrency: '4',
      maxRetries: '0',
      timeout: '30s',
      onUnknownOutcome: 'fail' as const,
      transform: 't.ts',
      transformConcurrency: '8',
    };
    expect(writingOf(flags)).toEqual({
      batchSize: 500,
      maxBytes: 20_000_000,
      maxWaitMs: 2_000,
      concurrency: 4,
      transformConcurrency: 8,
      retry: { maxRetries: 0, timeoutMs: 30_000, onUnknownOutcome: 'fail' },
    });
  });

  test('leaves to the sink what is adaptive, and passes on the path of a key', () => {
    const flags = { batchSize: 'adaptive', concurrency: 'adaptive', orderBy: 'customer.id' };
    expect(writingOf(flags)).toEqual({ ...flags, retry: {} });
  });

  test.each([
    ['0', 0],
    ['25', 25],
    ['1%', 0.01],
    ['0.5%', 0.005],
  ])('reads --max-invalid %s', (maxInvalid, read) => {
    expect(writingOf({ maxInvalid, deadLetters: 'd.ndjson' }).maxInvalid).toBe(read);
  });

  test.each([
    [{ onInvalid: 'dead-letter' }, '--dead-letters FILE'],
    [{ onInvalid: 'fail', deadLetters: 'd.ndjson' }, 'makes no sense'],
    [{ maxInvalid: '5' }, '--max-invalid needs a place for such records'],
    [{ maxInvalid: 'some', deadLetters: 'd.ndjson' }, '--max-invalid must be a whole number, or a share'],
    [{ maxInvalid: '100%', deadLetters: 'd.ndjson' }, '--max-invalid must be a whole number, or a share'],
    [{ transformConcurrency: '4' }, '--transform-concurrency is for --transform FILE'],
    [{ timeout: '30' }, '--timeout must be a time'],
    [{ batchSize: 'many' }, '--batch-size must be a whole number or adaptive, got "many"'],
    [{ concurrency: 'auto' }, '--concurrency must be a whole number or adaptive, got "auto"'],
  ] as const)('refuses %j', (flags, message) => {
    expect(() => writingOf(flags)).toThrow(UsageError);
    expect(() => writingOf(flags)).toThrow(message);
  });
});
