import { readdirSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { BatchProcessor } from '../../src/index.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { lines, outcomeOf, Workplace } from '../cli/spawn-command.ts';

const COUNT = 3_000;

describe('A brotli file', () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  const source = place.file('rows.ndjson', `${lines(COUNT)}\n`);
  const textOf = (name: string) => brotliDecompressSync(readFileSync(place.path(name))).toString();
  const filesOf = (name: string) => readdirSync(place.folder).filter((each) => each.includes(name));

  test('is not there when its run has failed, and the next run begins anew', async () => {
    const run = (breaksAt: number) =>
      new BatchProcessor({
        source,
        transform: (row: { id: number }) => {
          if (row.id === breaksAt) throw new Error('broken');
          return row;
        },
        batchSize: 100,
        sink: fileSink(place.path('failed.ndjson.br')),
      }).run();
    await expect(run(COUNT - 1)).rejects.toThrow('broken');
    expect(filesOf('failed')).toEqual([]);
    expect(await run(COUNT)).toMatchObject({ read: COUNT, written: COUNT });
    expect(textOf('failed.ndjson.br')).toBe(readFileSync(source, 'utf8'));
  });

  test('is not there when its run was killed, and the same command begins anew', async () => {
    const transform = place.file(
      'dying.mjs',
      `export default (row) => {
         if (row.id === ${COUNT - 1} && process.env.DIES === 'yes') process.kill(process.pid, 'SIGKILL');
         return row;
       };`,
    );
    const command = ['run', source, 'killed.ndjson.br', '--batch-size', '100', '--transform', transform];
    const dying = place.start(command, { DIES: 'yes' });
    await outcomeOf(dying);
    expect(dying.signalCode).toBe('SIGKILL');
    expect(filesOf('killed')).not.toContain('killed.ndjson.br');
    expect(await place.command(command)).toMatchObject({ code: 0 });
    expect(textOf('killed.ndjson.br')).toBe(readFileSync(source, 'utf8'));
    expect(filesOf('checkpoint')).toEqual([]);
  });
});
