const BATCH = 1_000;

/** What people write by hand today. @returns how many items there were */
export async function batched(
  items: AsyncIterable<unknown>,
  read: (item: unknown) => unknown,
  write: (batch: readonly unknown[]) => void = () => undefined,
): Promise<number> {
  let count = 0;
  let batch: unknown[] = [];
  const flush = () => {
    write(batch);
    count += batch.length;
    batch = [];
  };
  for await (const item of items) {
    batch.push(read(item));
    if (batch.length === BATCH) flush();
  }
  if (batch.length > 0) flush();
  return count;
}
