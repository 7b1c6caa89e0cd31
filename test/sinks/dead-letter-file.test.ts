import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DeadLetter, LetteringRun } from '../../src/core/dead-letter.ts';
import { deadLetterFile } from '../../src/sinks/dead-letter-file.ts';
import { temporaryFolder } from './folder.ts';
import { failureOf } from './writing.ts';

const path = temporaryFolder();

afterEach(() => vi.restoreAllMocks());

function letter(record: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    source: 'orders.ndjson',
    position: { record },
    code: 'INVALID_RECORD',
    reason: 'no email',
    time: new Date(),
    ...more,
  };
}

function lines(): unknown[] {
  return readFileSync(path('dead.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

async function prototypeOfHandles(): Promise<FileHandle> {
  const handle = await open(path(), 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

test('deadLetterFile() makes the file with the first letter, for its owner only', async () => {
  const umask = process.umask(0);
  try {
    const letters = deadLetterFile(path('dead.ndjson'));
    expect(existsSync(path('dead.ndjson'))).toBe(false);
    await letters.add(letter(1));
    expect(statSync(path('dead.ndjson')).mode & 0o777).toBe(0o600);
    await letters.close();
  } finally {
    process.umask(umask);
  }
});

test('deadLetterFile() makes no file without a letter', async () => {
  await deadLetterFile(path('dead.ndjson')).close();
  expect(existsSync(path('dead.ndjson'))).toBe(false);
});

test.each<[string, Partial<DeadLetter>, object]>([
  ['bytes that are UTF-8 as text', { raw: Buffer.from('{"a": é') }, { raw: '{"a": é' }],
  ['other bytes in base64', { raw: Buffer.from([0xff, 0x0a]) }, { rawBase64: '/wo=' }],
  ['a record without bytes as a value', { record: { a: [1] } }, { value: { a: [1] } }],
  [
    'byte and line when they are known',
    { position: { record: 2, byte: 9, line: 3 } },
    { record: 2, byte: 9, line: 3 },
  ],
  [
    'a record that JSON cannot hold as a description',
    { record: circular() },
    { inspected: expect.any(String) },
  ],
])('deadLetterFile() writes %s', async (_, more, expected) => {
  const letters = deadLetterFile(path('dead.ndjson'));
  await letters.add(letter(1, more));
  await letters.close();
  expect(lines()).toEqual([
    {
      source: 'orders.ndjson',
      record: 1,
      code: 'INVALID_RECORD',
      reason: 'no email',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      ...expected,
    },
  ]);
});

function circular(): unknown {
  const record: { self?: unknown } = {};
  record.self = record;
  return record;
}

test('deadLetterFile() writes when a record was refused, with which chunk and after how many attempts', async () => {
  const letters = deadLetterFile(path('dead.ndjson'));
  await letters.add(letter(1, { time: new Date(0), chunk: 'c0ffee', attempts: 11 }));
  await letters.close();
  expect(lines()).toMatchObject([{ time: '1970-01-01T00:00:00.000Z', chunk: 'c0ffee', attempts: 11 }]);
});

test('deadLetterFile() writes a bigint verbatim', async () => {
  const letters = deadLetterFile(path('dead.ndjson'));
  await letters.add(letter(1, { record: { id: 2n ** 60n } }));
  await letters.close();
  expect(readFileSync(path('dead.ndjson'), 'utf8')).toContain('"value":{"id":1152921504606846976}');
});

test('deadLetterFile() has a letter on disk when add() resolves', async () => {
  const letters = deadLetterFile(path('dead.ndjson'));
  const datasync = vi.spyOn(await prototypeOfHandles(), 'datasync');
  await letters.add(letter(1));
  expect(lines()).toHaveLength(1);
  expect(datasync).toHaveBeenCalledTimes(1);
  await letters.close();
});

test('deadLetterFile() writes letters that come in one go together and in order', async () => {
  const letters = deadLetterFile(path('dead.ndjson'));
  const write = vi.spyOn(await prototypeOfHandles(), 'write');
  await Promise.all(Array.from({ length: 500 }, (_, i) => letters.add(letter(i + 1))));
  await letters.close();
  expect(lines().map((line) => (line as { record: number }).record)).toEqual(
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  expect(write).toHaveBeenCalledTimes(1);
});

test('deadLetterFile() adds to the letters of earlier runs, on a line of its own', async () => {
  writeFileSync(path('dead.ndjson'), '{"record":1}\n{"torn":');
  const letters = deadLetterFile(path('dead.ndjson'));
  await letters.add(letter(2));
  await letters.close();
  const [first, torn, second] = readFileSync(path('dead.ndjson'), 'utf8').split('\n');
  expect([first, torn]).toEqual(['{"record":1}', '{"torn":']);
  expect(JSON.parse(second!)).toMatchObject({ record: 2 });
});

test('deadLetterFile() goes on, on a new line, after a write that failed', async () => {
  const letters = deadLetterFile(path('dead.ndjson'));
  const prototype = await prototypeOfHandles();
  const write: (...args: unknown[]) => Promise<unknown> = Reflect.get(prototype as object, 'write');
  vi.spyOn(prototype, 'write').mockImplementationOnce(async function (this: FileHandle, bytes: unknown) {
    await write.call(this, bytes, 0, 5);
    throw new Error('ENOSPC');
  } as never);
  await expect(letters.add(letter(1))).rejects.toThrow('ENOSPC');
  await letters.add(letter(2));
  await letters.close();
  const [torn, second] = readFileSync(path('dead.ndjson'), 'utf8').split('\n');
  expect(torn).toBe('{"sou');
  expect(JSON.parse(second!)).toMatchObject({ record: 2 });
});

describe('deadLetterFile() refuses', () => {
  test('a symbolic link', async () => {
    writeFileSync(path('elsewhere'), '');
    symlinkSync(path('elsewhere'), path('dead.ndjson'));
    expect(await failureOf(deadLetterFile(path('dead.ndjson')).add(letter(1)))).toEqual({
      code: 'SINK_FAILED',
      message: `${path('dead.ndjson')} cannot hold dead letters: it is a symbolic link`,
    });
    expect(readFileSync(path('elsewhere'), 'utf8')).toBe('');
  });

  test('a file of another user', async () => {
    writeFileSync(path('dead.ndjson'), '');
    vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(54_321);
    const { message } = await failureOf(deadLetterFile(path('dead.ndjson')).add(letter(1)));
    expect(message).toContain('it belongs to another user');
  });

  test('a folder', async () => {
    mkdirSync(path('dead.ndjson'));
    expect((await failureOf(deadLetterFile(path('dead.ndjson')).add(letter(1)))).code).toBe('SINK_FAILED');
  });

  test('letters after it was closed', async () => {
    const letters = deadLetterFile(path('dead.ndjson'));
    await letters.close();
    await letters.close();
    await expect(letters.add(letter(1))).rejects.toThrow(TypeError);
  });
});

test('deadLetterFile() takes from others what they could read of an existing file', async () => {
  writeFileSync(path('dead.ndjson'), '');
  chmodSync(path('dead.ndjson'), 0o644);
  const letters = deadLetterFile(path('dead.ndjson'));
  await letters.add(letter(1));
  await letters.close();
  expect(statSync(path('dead.ndjson')).mode & 0o777).toBe(0o600);
});

describe('deadLetterFile() of a run with a checkpoint', () => {
  const RUN = { run: 'orders', id: 'a1b2', isContinued: true };
  const file = () => path('dead.ndjson');

  async function written(run: LetteringRun, ...letters: readonly DeadLetter[]): Promise<void> {
    const place = deadLetterFile(file());
    await place.open!(run);
    for (const each of letters) await place.add(each);
    await place.close();
  }

  async function found(run: LetteringRun = RUN): Promise<unknown> {
    const place = deadLetterFile(file());
    const ranges = await place.open!(run);
    await place.close();
    return ranges;
  }

  test('says in each letter of which run it is, and of which of its records', async () => {
    await written(RUN, letter(3, { sourceIndex: 2, made: 4 }));
    expect(lines()).toMatchObject([{ run: 'orders', runId: 'a1b2', sourceIndex: 2, record: 3, made: 4 }]);
  });

  test('knows which records of the run have a letter', async () => {
    const records = [1, 2, 3, 7].map((record) => letter(record, { sourceIndex: 0 }));
    await written(RUN, ...records, letter(1, { sourceIndex: 3 }), letter(9, { sourceIndex: 0, made: 4 }));
    expect(await found()).toEqual([
      { source: 0, from: 0, to: 3 },
      { source: 0, from: 6, to: 7 },
      { source: 3, from: 0, to: 1 },
      { source: 0, from: 8, to: 8, fromMade: 4, toMade: 5 },
    ]);
  });

  test('has the letters of several runs in one file, and takes none for that of another', async () => {
    const other = { run: 'customers', id: 'c3d4', isContinued: false };
    await written(RUN, letter(1, { sourceIndex: 0 }));
    await written(other, letter(2, { sourceIndex: 0, reason: 'not a1b2' }));
    await written(RUN, letter(3, { sourceIndex: 0 }));
    writeFileSync(file(), '{"runId":"a1b2"}\nno letter: a1b2\n[1]\n', { flag: 'a' });
    expect(await found()).toEqual([
      { source: 0, from: 0, to: 1 },
      { source: 0, from: 2, to: 3 },
    ]);
    expect(await found({ ...other, isContinued: true })).toEqual([{ source: 0, from: 1, to: 2 }]);
    expect(await found({ ...RUN, id: 'another' })).toEqual([]);
  });

  test('makes no file when it goes on without one', async () => {
    expect(await found()).toEqual([]);
    expect(existsSync(file())).toBe(false);
  });

  test('cuts off the line that a crash has torn, wherever', async () => {
    await written(RUN, letter(1, { sourceIndex: 0 }), letter(2, { sourceIndex: 0, reason: 'é' }));
    const bytes = readFileSync(file());
    const first = bytes.indexOf('\n') + 1;
    for (let length = first; length <= bytes.length; length++) {
      writeFileSync(file(), bytes.subarray(0, length));
      const isThere = length >= bytes.length - 1;
      expect(await found()).toEqual([{ source: 0, from: 0, to: isThere ? 2 : 1 }]);
      await written(RUN, letter(3, { sourceIndex: 0 }));
      expect(lines().map((line) => (line as { record: number }).record)).toEqual(
        isThere ? [1, 2, 3] : [1, 3],
      );
    }
  });

  test('cuts off nothing when the run is a new one', async () => {
    writeFileSync(file(), '{"something');
    await written({ ...RUN, isContinued: false }, letter(1));
    expect(readFileSync(file(), 'utf8')).toMatch(/^\{"something\n\{"source"/);
  });

  test('does not go on with a file that it would refuse to make', async () => {
    writeFileSync(path('elsewhere'), '');
    symlinkSync(path('elsewhere'), file());
    expect((await failureOf(found())).message).toContain('it is a symbolic link');
  });
});

test('deadLetterFile() takes back a letter that could not be made safe', async () => {
  const letters = deadLetterFile(path('dead.ndjson'));
  await letters.add(letter(1));
  vi.spyOn(await prototypeOfHandles(), 'datasync').mockRejectedValueOnce(new Error('EIO'));
  await expect(letters.add(letter(2))).rejects.toThrow('EIO');
  expect(lines()).toHaveLength(1);
  await letters.add(letter(3));
  await letters.close();
  expect(lines().map((line) => (line as { record: number }).record)).toEqual([1, 3]);
});
