import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { Chunk } from '../../src/core/chunk.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { Processor } from '../../src/pipeline/processor.ts';
import type { Summary } from '../../src/pipeline/summary.ts';
import { many } from '../../src/streams/transform.ts';

interface Order {
  readonly id: number;
  readonly total: number;
}

const source = 'orders.ndjson';

describe('BatchProcessor infers', () => {
  test('the records of the sink from the transform', () => {
    const processor = new BatchProcessor({
      source,
      transform: (order: Order) => (order.id === 0 ? null : { cents: order.total * 100 }),
      sink: async (rows, { chunk, attempt, signal }) => {
        expectTypeOf(rows).toEqualTypeOf<readonly { cents: number }[]>();
        expectTypeOf(chunk).toEqualTypeOf<Chunk<{ cents: number }>>();
        expectTypeOf(attempt).toEqualTypeOf<number>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      },
    });
    expectTypeOf(processor.run()).resolves.toEqualTypeOf<Summary>();
  });

  test('the records of the transform from the schema', () => {
    void new BatchProcessor({
      source,
      validate: z.object({ id: z.number() }),
      transform: (order) => {
        expectTypeOf(order).toEqualTypeOf<{ id: number }>();
        return many([order.id, order.id]);
      },
      sink: async (ids) => {
        expectTypeOf(ids).toEqualTypeOf<readonly number[]>();
      },
    });
  });

  test('the records of the transform from what the schema makes of them', () => {
    void new BatchProcessor({
      source,
      validate: z.object({ at: z.string().transform((text) => new Date(text)) }),
      transform: ({ at }) => at.getTime(),
      sink: async (times) => {
        expectTypeOf(times).toEqualTypeOf<readonly number[]>();
      },
    });
    void new BatchProcessor({ source, validate: (order: Order) => order.id > 0, sink: {} as Sink<Order> });
  });

  test('the records of the sink from the sink, or leaves them unknown', () => {
    void new BatchProcessor({ source, sink: async (orders: readonly Order[]) => void orders });
    void new BatchProcessor({
      source,
      sink: async (records) => {
        expectTypeOf(records).toEqualTypeOf<readonly unknown[]>();
      },
    });
    void new BatchProcessor({ source, sink: {} as Sink<Order> });
    void new BatchProcessor({ source, sink: {} as Sink, transform: (order: Order) => order.id });
  });

  test('the records of orderBy from what reaches the sink, and takes a path as well', () => {
    void new BatchProcessor({
      source,
      transform: (order: Order) => ({ cents: order.total * 100 }),
      orderBy: (row) => {
        expectTypeOf(row).toEqualTypeOf<{ cents: number }>();
        return row.cents;
      },
      sink: async (rows) => {
        expectTypeOf(rows).toEqualTypeOf<readonly { cents: number }[]>();
      },
      concurrency: 'adaptive',
      batchSize: 'adaptive',
    });
    void new BatchProcessor({ source, sink: {} as Sink<Order>, orderBy: ({ id }) => id });
    void new BatchProcessor({ source, sink: {} as Sink, orderBy: 'customer.id' });
    // @ts-expect-error the records have no such key
    void new BatchProcessor({ source, sink: {} as Sink<Order>, orderBy: ({ customer }) => customer });
    // @ts-expect-error it is adaptive, or a number
    void new BatchProcessor({ source, sink: {} as Sink<Order>, concurrency: 'auto' });
  });

  test('and takes several transforms', () => {
    void new BatchProcessor<Order, string>({
      source,
      transform: [(order: Order) => order.id, (id: number) => `${id}`],
      sink: async (texts) => {
        expectTypeOf(texts).toEqualTypeOf<readonly string[]>();
      },
    });
  });

  test('and refuses a sink of other records, and options that it does not know', () => {
    // @ts-expect-error the sink takes orders, the transform makes numbers
    void new BatchProcessor({ source, transform: (order: Order) => order.id, sink: {} as Sink<Order> });
    // @ts-expect-error a sink is needed
    void new BatchProcessor({ source });
    // @ts-expect-error the option is batchSize
    void new BatchProcessor({ source, sink: async () => {}, size: 100 });
  });
});

describe('Processor infers', () => {
  test('one record, when it runs per record', () => {
    const processor = new Processor({
      source,
      process: (order: Order, { chunk }) => {
        expectTypeOf(order).toEqualTypeOf<Order>();
        expectTypeOf(chunk).toEqualTypeOf<Chunk<Order>>();
      },
    });
    expectTypeOf(processor.run()).resolves.toEqualTypeOf<Summary>();
  });

  test('records, when it runs per chunk', () => {
    void new Processor({
      source,
      batchSize: 100,
      transform: (order: Order) => order.total,
      process: (totals, { chunk }) => {
        expectTypeOf(totals).toEqualTypeOf<readonly number[]>();
        expectTypeOf(chunk).toEqualTypeOf<Chunk<number>>();
      },
    });
    void new Processor<Order>({
      source,
      batchSize: 100,
      process: (orders) => {
        expectTypeOf(orders).toEqualTypeOf<readonly Order[]>();
      },
    });
  });

  test('and refuses a sink', () => {
    // @ts-expect-error process is the sink
    void new Processor({ source, process: () => {}, sink: async () => {} });
  });
});
