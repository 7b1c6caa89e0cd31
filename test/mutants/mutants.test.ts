/** Each bug is planted in a copy of the sources, and the tests that are named must find it. */
import { afterAll, describe, expect, test } from 'vitest';
import { DELIVERY } from './delivery.ts';
import { Workshop } from './harness.ts';
import { RESUMING } from './resuming.ts';

const workshop = new Workshop();
afterAll(() => workshop.close());

test('What changes nothing is found by nobody', async () => {
  const [first] = DELIVERY;
  expect(await workshop.failuresWith({ ...first!, replace: first!.find })).toEqual([]);
});

describe.each([
  ['Delivery', DELIVERY],
  ['Going on', RESUMING],
])('%s that', (_, mutants) => {
  test.each(mutants)('$name is found out', async (mutant) => {
    expect(await workshop.failuresWith(mutant)).not.toEqual([]);
  });
});
