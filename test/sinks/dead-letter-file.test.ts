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
import type { DeadLetter } from '../../src/core/dead-letter.ts';
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
