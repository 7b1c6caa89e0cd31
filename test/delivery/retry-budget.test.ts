import { expect, test } from 'vitest';
import { RETRY_COST, RetryBudget, TIMEOUT_RETRY_COST } from '../../src/delivery/retry-budget.ts';

/** How many retries at this cost are paid for, one after another. */
function retries(budget: RetryBudget, cost: number): number {
  let count = 0;
  while (count < 1_000 && budget.take(cost)) count++;
  return count;
}

test.each([
  [500, RETRY_COST, 100],
  [500, TIMEOUT_RETRY_COST, 50],
  [4, RETRY_COST, 0],
  [0, RETRY_COST, 0],
  [Number.POSITIVE_INFINITY, RETRY_COST, 1_000],
])('RetryBudget of %d tokens pays at a cost of %i for %i retries', (size, cost, count) => {
  expect(retries(new RetryBudget(size), cost)).toBe(count);
});

test('RetryBudget takes nothing for a retry that it cannot pay', () => {
  const budget = new RetryBudget(9);
  expect(budget.take(TIMEOUT_RETRY_COST)).toBe(false);
  expect(budget.take(RETRY_COST)).toBe(true);
});

test('RetryBudget gets one token back for a success, and its cost for a retry that succeeds', () => {
  const budget = new RetryBudget(500);
  retries(budget, RETRY_COST);
  for (let i = 0; i < 4; i++) budget.succeed();
  expect(budget.take(RETRY_COST)).toBe(false);
  budget.succeed();
  expect(budget.take(RETRY_COST)).toBe(true);
  budget.succeed(TIMEOUT_RETRY_COST);
  expect(retries(budget, RETRY_COST)).toBe(2);
});

test('RetryBudget never holds more than its size', () => {
  const budget = new RetryBudget(10);
  for (let i = 0; i < 100; i++) budget.succeed();
  expect(retries(budget, RETRY_COST)).toBe(2);
});
