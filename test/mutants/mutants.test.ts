/** Each bug is planted in a copy of the sources, and the tests that are named must find it. */
import { afterAll, describe, expect, test } from 'vitest';
import { reach } from '../support/services.ts';
import { DELIVERY } from './delivery.ts';
import { Workshop } from './harness.ts';
import { RESUMING } from './resuming.ts';
import { SERVERS } from './servers.ts';

const workshop = new Workshop();
afterAll(() => workshop.close());

test('Every bug is looked for by tests, and they pass without it', async () => {
  expect(await workshop.notLookedFor([...DELIVERY, ...RESUMING])).toEqual([]);
});

describe.each([
  ['Delivery', DELIVERY],
  ['Going on', RESUMING],
])('%s that', (_, mutants) => {
  test.each(mutants)('$name is found out', async (mutant) => {
    expect(await workshop.failuresWith(mutant)).not.toEqual([]);
  });
});

describe('A sink on a server that', async () => {
  await reach('postgres');

  test('has a bug is looked for by tests, and they pass without it', async () => {
    expect(await workshop.notLookedFor(SERVERS)).toEqual([]);
  });

  test.each(SERVERS)('$name is found out', async (mutant) => {
    expect(await workshop.failuresWith(mutant)).not.toEqual([]);
  });
});
