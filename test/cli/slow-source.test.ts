import { once } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import { lines, outcomeOf, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

/** What stdout gives first while stdin is still open, and all of it when stdin has got the rest. */
async function answers(input: string, rest: string, args: readonly string[]) {
  const child = work.start(['run', '-', '-', ...args]);
  const outcome = outcomeOf(child);
  child.stdin.write(input);
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdin.end(rest);
  return { first: first.toString(), ...(await outcome) };
}

describe('Records of a pipe that stays open', () => {
  test.each([
    ['ndjson', '{"id":"1"}\n', '{"id":"2"}'],
    ['csv', 'id\n1\n', '2\n'],
    ['json', '[{"id":"1"},', '{"id":"2"}]'],
  ])('are written when they have waited --max-wait, with --format %s', async (format, input, rest) => {
    expect(await answers(input, rest, ['--format', format, '--max-wait', '50ms'])).toMatchObject({
      first: '{"id":"1"}\n',
      code: 0,
      stdout: '{"id":"1"}\n{"id":"2"}\n',
    });
  });

  test('are written when they fill a chunk', async () => {
    const args = ['--format', 'ndjson', '--batch-size', '100'];
    const { first } = await answers(`${lines(100)}\n`, '', args);
    expect(first).toBe(`${lines(100)}\n`);
  });
});
