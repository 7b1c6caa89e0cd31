import { afterAll, describe, expect, test } from 'vitest';
import { serve, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

/** A source that answers 503 so many times, and then gives one record. */
function busy(times: number): Promise<string> {
  let asked = 0;
  return serve((_, response) => {
    if (++asked <= times) response.writeHead(503, { 'retry-after': '0' }).end('busy');
    else response.end('{"id":1}\n');
  });
}

describe('A source that is busy', () => {
  test('is asked again, and people are told', async () => {
    const url = await busy(1);
    const { code, stdout, stderr } = await work.command(['run', `${url}/a.ndjson`, '-']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"id":1}\n' });
    expect(stderr).toContain('Source: retry 1 in 1 s (HTTP 503)');
  });

  test('is asked no more often than --max-retries allows, and the advice is to come back', async () => {
    const url = await busy(1);
    const { code, stderr } = await work.command(['run', `${url}/a.ndjson`, '-', '--max-retries', '0']);
    expect(code).toBe(4);
    expect(stderr).toContain('HTTP 503');
    expect(stderr).toContain('Run again later; --max-retries N waits longer for it');
  });
});

test('preview says at once what it reads', async () => {
  work.file('a.ndjson', '{"id":1}\n');
  expect((await work.command(['preview', 'a.ndjson'])).stderr).toBe('Reading a.ndjson (9 B)\n');
});

test.each(['--dead-letters', '--summary'])(
  '%s with a folder that is not there is refused before anything is read',
  async (flag) => {
    const { code, stderr } = await work.command(['run', 'missing.ndjson', '-', flag, 'no/such/file']);
    expect(code).toBe(2);
    expect(stderr).toContain(`${flag} no/such/file: there is no folder no/such`);
  },
);
