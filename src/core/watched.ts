/** A callback may be asynchronous: what it rejects with ends the run, too, and is no unhandled rejection. */
export function watched(result: unknown, onRejected: (error: Error) => void): void {
  if (result instanceof Promise) result.catch(onRejected);
}
