import { EXIT } from './exit-codes.ts';

/** What a signal does to a run. */
export interface Stopping {
  /** Reads no further, and finishes what is being written. */
  readonly stop: () => void;
  /** Ends what is being written, too. */
  readonly abort: () => void;
  /** Milliseconds between the two. */
  readonly graceMs: number;
  readonly note: (text: string) => void;
}

/** The first SIGINT or SIGTERM asks the run to stop, and ends it when the grace period is over; the second ends the process at once. */
export function handleSignals({ stop, abort, graceMs, note }: Stopping) {
  let code: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const next = signal === 'SIGINT' ? EXIT.sigint : EXIT.sigterm;
    if (code !== undefined) process.exit(next);
    code = next;
    note('Finishing what is being written; press Ctrl-C again to stop now');
    timer = setTimeout(abort, graceMs).unref();
    stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    /** The exit code of the signal that came, if one did. */
    interrupted: () => code,
    release: () => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
