import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withWrite } from '../../src/core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { temporaryFolder } from '../sinks/folder.ts';

const path = temporaryFolder();
const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, text: 'ü'.repeat(id % 50) }));
const made = ({ id, text }: (typeof rows)[0]) => ({
  id: BigInt(id) * 2n ** 60n,
  text,
  when: new Date(id),
  none: undefined,
});

type Options = Partial<BatchProcessorOptions<(typeof rows)[0], unknown>>;

/** What is written, and whether the sink was given records as objects. */
async function run(file: string, options: Options) {
  const given: unknown[] = [];
  const inner = fileSink({ file: path(file) });
  const { takesJson } = inner;
  const sink = {
    ...withWrite(inner, async (chunk, context) => {
      given.push(chunk.records[0]);
      await inner.write(chunk, context);
    }),
    ...(takesJson !== undefined && { takesJson }),
  };
  await new BatchProcessor({ source: rows, sink, batchSize: 300, transform: made, ...options }).run();
  return { text: readFileSync(path(file), 'utf8'), first: given[0] as { readonly when?: unknown } };
}

describe('What a transform makes', () => {
  test.each(['out.ndjson', 'out.json'])(
    'is kept as JSON until it is written into %s, and written as it would be',
    async (file) => {
      const { text, first } = await run(file, {});
      expect(first.when).toBe('1970-01-01T00:00:00.000Z');
      expect(text).toContain(`{"id":${2n ** 60n},"text":"ü","when":"1970-01-01T00:00:00.001Z"}`);
      const asObjects = await run(`objects-${file}`, { orderBy: () => 'one' });
      expect(asObjects.first.when).toEqual(new Date(0));
      expect(text).toBe(asObjects.text);
    },
  );

  test('stays objects for a sink that looks at columns', async () => {
    const { text, first } = await run('out.csv', {});
    expect(first.when).toEqual(new Date(0));
    expect(text.split('\n')).toHaveLength(rows.length + 2);
  });

  test('stays objects where an order of keys looks at them', async () => {
    const seen: unknown[] = [];
    const orderBy = (record: unknown) => {
      seen.push((record as { when: unknown }).when);
      return String((record as { id: bigint }).id);
    };
    await run('out.ndjson', { orderBy, concurrency: 2 });
    expect(seen[0]).toEqual(new Date(0));
  });

  test('fails the run where it is written when it has no JSON, and says which record that is', async () => {
    const circle: Record<string, unknown> = { when: new Date(0) };
    circle['self'] = circle;
    const transform = (row: (typeof rows)[0]): unknown => (row.id === 700 ? circle : row);
    const error: unknown = await run('circle.ndjson', { transform }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'WRITE_FAILED' });
    expect((error as Error).message).toContain('(record 701): Converting circular structure to JSON');
    const { chunk } = error as { readonly chunk: { readonly records: readonly unknown[] } };
    expect(chunk.records[100]).toBe(circle);
  });
});
