import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const RUN = ['run', work.file('source.ndjson', lines(10)), 'out.ndjson'];

/** What the command has noted of a run. */
let made: Buffer;
beforeAll(async () => {
  const file = work.path('made.checkpoint');
  expect((await work.command([...RUN, '--checkpoint', file])).code).toBe(0);
  made = readFileSync(file);
});

let count = 0;
/** A checkpoint file as the command makes it, or with other bytes. */
function checkpoint(bytes: Uint8Array = made): string {
  const file = work.path(`${++count}.checkpoint`);
  writeFileSync(file, bytes, { mode: 0o600 });
  return file;
}

/** With another number where the version stands, and a checksum that fits it. */
function newer(): Uint8Array {
  const body = made.subarray(made.indexOf('\n') + 1);
  const magic = 'chain-reaction checkpoint 2';
  const digest = createHash('sha256').update(`${magic}\n`).update(body).digest('hex');
  return Buffer.concat([Buffer.from(`${magic} sha256 ${digest}\n`), body]);
}

const UNREADABLE: readonly (readonly [string, () => Uint8Array, string])[] = [
  ['is damaged', () => Buffer.from(made).fill('x', 150, 160), 'its checksum does not match'],
  ['was cut short', () => made.subarray(0, 60), 'its first line is not complete'],
  ['is empty', () => Buffer.alloc(0), 'its first line is not complete'],
  ['was written by a newer version', newer, 'was written by a newer version'],
];

describe('chain-reaction reset', () => {
  test('removes a checkpoint and its lock', async () => {
    const file = checkpoint();
    expect(await work.command(['reset', file])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(work.folder).filter((name) => name.startsWith(`${count}.checkpoint`))).toEqual([]);
  });

  test.each(UNREADABLE)('helps where a run is refused as its checkpoint %s', async (_what, bytes, why) => {
    const file = checkpoint(bytes());
    const args = [...RUN, '--if-exists', 'replace', '--checkpoint', file];
    const refused = await work.command(args);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain(why);
    expect(refused.stderr).toContain('chain-reaction reset FILE');
    expect(readFileSync(file)).toEqual(Buffer.from(bytes()));
    expect(await work.command(['reset', file])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(work.folder).filter((name) => name.startsWith(`${count}.checkpoint`))).toEqual([]);
    expect((await work.command(args)).stderr).toContain('10 records written');
  });

  test.each([
    ['records', () => work.file('data.ndjson', lines(10)), 'it does not begin as one'],
    [
      'a link to a checkpoint',
      () => {
        const link = work.path('link.checkpoint');
        symlinkSync(checkpoint(), link);
        return link;
      },
      'it is a symbolic link',
    ],
    [
      'a checkpoint that others may write',
      () => {
        const file = checkpoint();
        chmodSync(file, 0o666);
        return file;
      },
      'others than its owner may write it',
    ],
  ])('leaves %s alone', async (_what, make, why) => {
    const file = make();
    const before = readFileSync(file);
    const { code, stderr } = await work.command(['reset', file]);
    expect(code).toBe(5);
    expect(stderr).toContain(`${file} cannot be the checkpoint: ${why}`);
    expect(stderr).toContain('It was not removed: if nobody needs it, remove it yourself');
    expect(readFileSync(file)).toEqual(before);
  });

  test('leaves a checkpoint alone that a run is using', async () => {
    const file = work.path('in-use.checkpoint');
    const taken = fileCheckpoint(file);
    await taken.open('a run');
    await taken.save('a run', {});
    const { code, stderr } = await work.command(['reset', file]);
    await taken.close('a run');
    expect(code).toBe(1);
    expect(stderr).toContain(`${file} is in use by another run`);
    expect(existsSync(file)).toBe(true);
  });

  test('takes the name of the run, and no other one', async () => {
    const file = checkpoint();
    const wrong = await work.command(['reset', file, 'customers']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`No run customers is noted in ${file}`);
    expect(wrong.stderr).toContain('See chain-reaction reset --help');
    expect(existsSync(file)).toBe(true);
  });
});
