import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { Chunk } from '../../src/core/chunk.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import type { RecordStage } from '../../src/streams/record-stage.ts';
import { many, none, stop, transform } from '../../src/streams/transform.ts';
import { validate } from '../../src/streams/validate.ts';

interface Order {
  readonly id: number;
  readonly total: number;
}

describe('transform() infers its output', () => {
  test('from a value', () => {
    expectTypeOf(transform((order: Order) => ({ cents: order.total * 100 }))).toEqualTypeOf<
      RecordStage<Order, { cents: number }>
    >();
  });

  test('from a promise', () => {
    expectTypeOf(transform(async (order: Order) => order.id)).toEqualTypeOf<RecordStage<Order, number>>();
  });

  test('without the signs that filter or stop', () => {
    const decide = (order: Order) =>
      order.id === 1 ? null : order.id === 2 ? none : order.id === 3 ? stop : order;
    expectTypeOf(transform(decide)).toEqualTypeOf<RecordStage<Order, Order>>();
    const perhaps = async (order: Order) => (order.id === 1 ? undefined : order.total);
    expectTypeOf(transform(perhaps)).toEqualTypeOf<RecordStage<Order, number>>();
  });

  test('from many', () => {
    expectTypeOf(transform((order: Order) => many([order.id, order.total]))).toEqualTypeOf<
      RecordStage<Order, number>
    >();
  });

  test('from generators', () => {
    const both = function* (order: Order) {
      yield order.id;
      yield order.total;
    };
    expectTypeOf(transform(both)).toEqualTypeOf<RecordStage<Order, number>>();
    const later = async function* (order: Order) {
      yield String(order.id);
    };
    expectTypeOf(transform(later)).toEqualTypeOf<RecordStage<Order, string>>();
  });

  test('from the last of several functions, each given what the one before makes', () => {
    const stage = transform(
      (order: Order) => order.total,
      async (total) => {
        expectTypeOf(total).toEqualTypeOf<number>();
        return `${total}`;
      },
      (text) => {
        expectTypeOf(text).toEqualTypeOf<string>();
        return text.length > 1;
      },
    );
    expectTypeOf(stage).toEqualTypeOf<RecordStage<Order, boolean>>();
  });

  test('and refuses a function that does not take what the one before makes', () => {
    const toId = (order: Order) => order.id;
    const trim = (text: string) => text.trim();
    // @ts-expect-error a number is no string
    transform(toId, trim);
    // @ts-expect-error a text is no function
    transform('x');
  });
});

describe('validate() infers its output', () => {
  test('from zod, as what the schema makes of a record', () => {
    const schema = z.object({ at: z.string().transform((text) => new Date(text)) });
    expectTypeOf(validate(schema)).toEqualTypeOf<RecordStage<{ at: string }, { at: Date }>>();
  });

  test('from valibot and arktype', () => {
    expectTypeOf(validate(v.object({ id: v.number() }))).toEqualTypeOf<
      RecordStage<{ id: number }, { id: number }>
    >();
    expectTypeOf(validate(ark({ id: 'number' }))).toEqualTypeOf<
      RecordStage<{ id: number }, { id: number }>
    >();
  });

  test('from a predicate, as what it is given', () => {
    expectTypeOf(validate((order: Order) => order.id > 0)).toEqualTypeOf<RecordStage<Order, Order>>();
    expectTypeOf(validate(async (order: Order) => order.id > 0)).toEqualTypeOf<RecordStage<Order, Order>>();
  });

  test('and refuses what is neither', () => {
    // @ts-expect-error a function that gives a number is no predicate
    validate((order: Order) => order.id);
  });
});

test('ChunkTransform refuses options that it does not know', () => {
  expectTypeOf(new ChunkTransform<Order>()).toExtend<NodeJS.ReadWriteStream>();
  expectTypeOf<Chunk<Order>['records']>().toEqualTypeOf<readonly Order[]>();
  // @ts-expect-error the option is batchSize
  void new ChunkTransform({ size: 100 });
  // @ts-expect-error a number
  void new ChunkTransform({ batchSize: '500' });
});
