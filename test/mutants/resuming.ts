import type { Mutant } from './harness.ts';

/** Bugs of checkpoints and of going on. */
export const RESUMING: readonly Mutant[] = [
  {
    name: 'notes a chunk before it is written',
    file: 'streams/retrying-writer.ts',
    find: '    if (this.destroyed) throw new UnsentError();\n',
    replace: '    if (this.destroyed) throw new UnsentError();\n    await this.#onTaken?.(chunk as Chunk);\n',
    test: 'nastiest/04-checkpoint-ahead-of-the-data.test.ts',
  },
  {
    name: 'does not make the bytes of a checkpoint safe',
    file: 'checkpoint/replace-file.ts',
    find: '    await handle.writeFile(bytes);\n    await handle.sync();\n',
    replace: '    await handle.writeFile(bytes);\n',
    test: 'crash/checkpoint-crash.test.ts',
    only: 'makes a checkpoint safe before it gets its name',
  },
  {
    name: 'does not make the name of a checkpoint safe',
    file: 'checkpoint/replace-file.ts',
    find: '    await rename(temporary, file);\n  } catch (error) {\n    await unlinkIfThere(temporary).catch(() => undefined); // the first error is the one to tell\n    throw error;\n  }\n  await syncFolder(dirname(file));\n',
    replace:
      '    await rename(temporary, file);\n  } catch (error) {\n    await unlinkIfThere(temporary).catch(() => undefined); // the first error is the one to tell\n    throw error;\n  }\n',
    test: 'crash/checkpoint-crash.test.ts',
    only: 'makes a checkpoint safe before it gets its name',
  },
  {
    name: 'lets an earlier process write on (no fence)',
    file: 'sinks/sqlite-ledger.ts',
    find: "WHERE run = ? AND epoch = ?').get(run, epoch) !== undefined",
    replace: "WHERE run = ? AND epoch >= ?').get(run, epoch) !== undefined",
    test: 'sinks/sqlite-ledger.test.ts',
  },
  {
    name: 'counts one chunk too many into the low-water mark',
    file: 'checkpoint/finished-ranges.ts',
    find: 'this.#ahead.set(index, ranges.at(-1)!.end);',
    replace: 'this.#ahead.set(index === 0 ? 0 : index - 1, ranges.at(-1)!.end);',
    test: 'checkpoint/finished-ranges.test.ts',
  },
  {
    name: 'forgets what is done beyond the low-water mark',
    file: 'checkpoint/finished-ranges.ts',
    find: 'for (const { source, from, to, fromMade } of finished)',
    replace: 'for (const { source, from, to, fromMade } of finished.slice(0, 0))',
    test: 'checkpoint/finished-ranges.test.ts',
  },
  {
    name: 'takes a record in the middle of a CSV file for its header',
    file: 'formats/csv-format.ts',
    find: '...(from === undefined && header === true && { takeHeader }),',
    replace: '...(header === true && { takeHeader }),',
    test: 'streams/seeking.test.ts',
  },
  {
    name: 'goes on one byte too far',
    file: 'streams/go-on.ts',
    find: 'const asked = { from: from.bytes! - 1, etag };',
    replace: 'const asked = { from: from.bytes!, etag };',
    test: 'streams/seeking.test.ts',
  },
  {
    name: 'does not look at the bytes before the place',
    file: 'checkpoint/compare-fingerprints.ts',
    find: 'differenceOfBytes(earlier.head, now.head) ??\n    differenceOfBytes(earlier.tail, now.tail)',
    replace: 'differenceOfBytes(earlier.head, now.head)',
    test: 'pipeline/changed-input.test.ts',
  },
  {
    name: 'does not check the checksum of a checkpoint',
    file: 'checkpoint/checkpoint-document.ts',
    find: "  if (digest(version, body) !== sha256) throw corrupt(file, 'its checksum does not match');\n",
    replace: '',
    test: 'checkpoint/checkpoint-document.test.ts',
  },
  {
    name: 'does not cut the file to what was committed',
    file: 'sinks/resumed-file.ts',
    find: '    await staged.cut(length);\n',
    replace: '',
    test: 'sinks/file-resume.test.ts',
  },
  {
    name: 'goes on with other functions',
    file: 'pipeline/resumption.ts',
    find: 'const isSamePipeline = (earlier.pipeline ?? pipeline) === pipeline;',
    replace: 'const isSamePipeline = true;',
    test: 'pipeline/resuming.test.ts',
  },
  {
    name: 'takes another stream for the same',
    file: 'checkpoint/witness.ts',
    find: 'if (record <= before || hashOf(block, record - before - 1) !== sha256)',
    replace: 'if (record <= before)',
    test: 'pipeline/going-on.test.ts',
  },
];
