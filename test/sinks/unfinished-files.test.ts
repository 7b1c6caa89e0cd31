import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { StagedFile } from '../../src/sinks/staged-file.ts';
import { temporaryFolder } from './folder.ts';

const path = temporaryFolder();

test.each([
  ['complete', (file: StagedFile) => file.publish()],
  ['given up', (file: StagedFile) => file.discard()],
])('A file that is %s is no more concern of the end of the process', async (_how, close) => {
  const before = process.listenerCount('exit');
  const [one, other] = [
    await StagedFile.create(path('one.csv'), 'replace'),
    await StagedFile.create(path('other.csv'), 'replace'),
  ];
  expect(process.listenerCount('exit')).toBe(before + 1);
  await close(one);
  expect(process.listenerCount('exit')).toBe(before + 1);
  await close(other);
  expect(process.listenerCount('exit')).toBe(before);
});

test('A file that cannot be made is none either', async () => {
  const before = process.listenerCount('exit');
  await expect(StagedFile.create(path('missing/one.csv'), 'replace')).rejects.toThrow('could not be created');
  expect(process.listenerCount('exit')).toBe(before);
});

test('A complete file outlives the end of the process, even while another one is unfinished', async () => {
  writeFileSync(path('kept.csv'), 'old');
  const unfinished = await StagedFile.create(path('other.csv'), 'replace');
  const complete = await StagedFile.create(path('kept.csv'), 'append');
  await complete.publish();
  process.listeners('exit').at(-1)!(0);
  expect(existsSync(path('kept.csv'))).toBe(true);
  await unfinished.discard();
});
