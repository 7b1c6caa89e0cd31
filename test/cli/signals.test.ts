import { afterEach, describe, expect, test, vi } from 'vitest';
import { handleSignals } from '../../src/cli/signals.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('handleSignals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('asks the run to stop at the first %s and says how to stop now', (signal, code) => {
    const stop = vi.fn<() => void>();
    const note = vi.fn<(text: string) => void>();
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
    const signals = handleSignals({ stop, abort: () => {}, graceMs: 1_000, note });
    expect(signals.interrupted()).toBeUndefined();
    process.emit(signal, signal);
    expect(stop).toHaveBeenCalledOnce();
    expect(note.mock.calls[0]![0]).toMatch(/^Finishing .* press Ctrl-C again to stop now$/);
    expect(signals.interrupted()).toBe(code);
    expect(exit).not.toHaveBeenCalled();
    process.emit(signal, signal);
    expect(exit).toHaveBeenCalledWith(code);
    signals.release();
  });

  test('aborts the run when the grace period is over, unless it has ended before', () => {
    vi.useFakeTimers();
    try {
      const abort = vi.fn<() => void>();
      const start = () => handleSignals({ stop: () => {}, abort, graceMs: 1_000, note: () => {} });
      const ended = start();
      process.emit('SIGINT', 'SIGINT');
      ended.release();
      const signals = start();
      process.emit('SIGTERM', 'SIGTERM');
      vi.advanceTimersByTime(999);
      expect(abort).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(abort).toHaveBeenCalledOnce();
      signals.release();
    } finally {
      vi.useRealTimers();
    }
  });

  test('leaves no listener behind', () => {
    const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
    handleSignals({ stop: () => {}, abort: () => {}, graceMs: 1_000, note: () => {} }).release();
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(before);
  });
});
