import { ObjectBlock } from '../core/object-block.ts';
import type { RecordBlock } from '../core/record-block.ts';

const MOST_GATHERED = 256;

/** Plain records that are there at once travel together; none waits for the next one. */
export async function* gather<T>(
  records: AsyncIterable<T>,
  { name, index, before }: { readonly name: string; readonly index: number; readonly before: number },
): AsyncGenerator<RecordBlock<T>, void> {
  const iterator = records[Symbol.asyncIterator]();
  let read = before;
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      const gathered: T[] = [];
      const first = await (next ?? iterator.next());
      next = undefined;
      if (first.done) return;
      gathered.push(first.value);
      const idle = new Promise<typeof IDLE>((resolve) => setImmediate(resolve, IDLE));
      while (gathered.length < MOST_GATHERED) {
        next = iterator.next();
        const result = await Promise.race([next, idle]).catch(failsLater);
        if (result === IDLE || result.done) break;
        next = undefined;
        gathered.push(result.value);
      }
      const start = { source: index, records: read };
      read += gathered.length;
      yield new ObjectBlock({
        source: name,
        start,
        end: { source: index, records: read },
        records: gathered,
      });
    }
  } finally {
    await iterator.return?.();
  }
}

const IDLE: unique symbol = Symbol('idle');

/** The records before the failure go out first; then the same promise is awaited again, and throws. */
const failsLater = (): typeof IDLE => IDLE;
