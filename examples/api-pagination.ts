/** An async generator is a source too: here the pages of an API, flattened into records. */
import { BatchProcessor } from 'chain-reaction';
import { stdoutSink } from 'chain-reaction/sinks/stdout';

interface User {
  readonly id: number;
  readonly name: string;
}

async function* users(): AsyncGenerator<User> {
  for (let page: number | undefined = 1; page !== undefined; ) {
    const { records, next } = await fetchPage(page);
    yield* records;
    page = next;
  }
}

/** Stands for `fetch('https://api.example.com/users?page=…')`. */
async function fetchPage(page: number): Promise<{ records: User[]; next: number | undefined }> {
  const records = [1, 2, 3].map((n) => ({ id: page * 10 + n, name: `user ${page}-${n}` }));
  return { records, next: page < 3 ? page + 1 : undefined };
}

const { written } = await new BatchProcessor({ source: users(), sink: stdoutSink() }).run();
console.error(`${written} users`);
// prints: {"id":33,"name":"user 3-3"}
