import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { flushable } from 'stream-chain';
import { afterAll, describe, expect, test } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import { BatchProcessor, type BatchProcessorOptions, summaryOf } from '../../src/index.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'failing-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = 25_050;
const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `{"id":${from + i},"text":"${'x'.repeat(200)}"}\n`).join('');

/** Records, then one that is malformed, then others. */
function input(name: string): string {
  const file = join(folder, name);
  writeFileSync(file, `${lines(GOOD)}{"id":\n${lines(10, GOOD + 1)}`);
  return file;
}

interface Row {
  readonly id: number;
}

async function failed(
  options: Partial<BatchProcessorOptions<Row>> & Pick<BatchProcessorOptions<Row>, 'sink'>,
) {
  const run = new BatchProcessor<Row>({ source: input('in.ndjson'), batchSize: 100, ...options }).run();
  const error: unknown = await run.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  return { error: error as Error, summary: summaryOf(error)! };
}

describe('A run whose source fails', () => {
  test('writes the chunks that were full before, however slow the sink is, and tells of the others', async () => {
    const ids: number[] = [];
    const { error, summary } = await failed({
      sink: async (rows) => {
        await sleep(1);
        ids.push(...rows.map(({ id }) => id));
      },
    });
    expect(error.message).toContain(`in.ndjson:${GOOD + 1} (record ${GOOD + 1}`);
    expect(ids).toEqual(Array.from({ length: GOOD - 50 }, (_, id) => id));
    expect(summary).toMatchObject({
      read: GOOD + 1,
      written: GOOD - 50,
      unaccounted: [{ from: GOOD - 49, to: GOOD + 1 }],
    });
  });

  test('leaves no file under its final name, and goes on behind what was written when the input is mended', async () => {
    const file = join(folder, 'out.ndjson');
    const checkpoint = { store: memoryCheckpoint(), run: 'a', allowGrowth: true };
    const { summary } = await failed({ sink: fileSink(file), checkpoint });
    expect(summary.written).toBe(GOOD - 50);
    expect(existsSync(file)).toBe(false);
    writeFileSync(join(folder, 'in.ndjson'), lines(GOOD + 20));
    const options = { source: join(folder, 'in.ndjson'), batchSize: 100, checkpoint };
    expect(await new BatchProcessor({ ...options, sink: fileSink(file) }).run()).toMatchObject({
      written: 70,
    });
    expect(readFileSync(file, 'utf8') === lines(GOOD + 20)).toBe(true);
  });

  test('makes nothing of the end of the input, which it has not seen', async () => {
    let flushed = 0;
    const { summary } = await failed({
      sink: async () => {},
      transform: [
        (row: Row) => row,
        flushable(
          (row: Row) => row,
          () => {
            flushed++;
            return { id: -1 };
          },
        ),
      ],
    });
    expect(flushed).toBe(0);
    expect(summary).toMatchObject({ written: GOOD - 50, added: 0 });
  });

  test('tells of the sink when that fails meanwhile, since records are lost by it', async () => {
    const { error, summary } = await failed({
      sink: async (rows) => {
        if (rows[0]!.id === 500) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      },
    });
    expect(error.message).toContain('could not be written');
    expect(summary.written).toBe(500);
  });

  test('tells of the source when there was nothing to read, whatever the sink says later', async () => {
    const open = async () => {
      await sleep(50);
      throw new Error('no sink');
    };
    const { error } = await failed({
      source: join(folder, 'not-there.ndjson'),
      sink: { name: 'closed', guarantee: 'at-least-once', open, write: async () => {} },
    });
    expect(error.message).toContain('There is no such file');
  });

  test('ends at once when it is aborted', async () => {
    const stopping = new AbortController();
    const { error } = await failed({
      sink: async () => {
        stopping.abort(new Error('enough'));
      },
      signal: stopping.signal,
      graceMs: 0,
    });
    expect(error.message).toContain('enough');
  });
});
