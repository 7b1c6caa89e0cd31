/** Runs one piece of work at a time, in the order asked for; one that fails does not stop the next. */
export function takeTurns(): <R>(work: () => R | Promise<R>) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
