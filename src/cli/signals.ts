import { EXIT } from './exit-codes.ts';

/** The first SIGINT or SIGTERM asks the run to stop; the second ends the process at once. */
export function handleSignals(stop: () => void, note: (text: string) => void) {
  let code: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const next = signal === 'SIGINT' ? EXIT.sigint : EXIT.sigterm;
    if (code !== undefined) process.exit(next);
    code = next;
    note('Finishing what is being written; press Ctrl-C again to stop now');
    stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    /** The exit code of the signal that came, if one did. */
    interrupted: () => code,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
