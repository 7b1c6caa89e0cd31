import assert from 'node:assert/strict';
import type { Chunk } from '../core/chunk.ts';
import { PartialWriteError } from '../core/errors.ts';
import type { RecordBytes } from '../core/record-block.ts';
import { type ChunkOfOptions, chunkOf } from './chunk-of.ts';
import type { Place } from './contract-place.ts';
import {
  bigIntegers,
  type ContractRecord,
  hostileKeys,
  hostileTexts,
  plainRecords,
} from './contract-records.ts';

export async function hasNameAndGuarantee({ harness }: Place): Promise<void> {
  const { name, guarantee } = await harness.create();
  assert.ok(typeof name === 'string' && name !== '', 'name must be a text');
  assert.ok(
    ['exactly-once', 'effectively-once', 'at-least-once'].includes(guarantee),
    'guarantee must be exactly-once, effectively-once or at-least-once',
  );
}

export async function writesAll(place: Place): Promise<void> {
  const records = plainRecords(300);
  await place.run(async (sink) => {
    for (const chunk of chunksOf(records, 100)) await place.write(sink, chunk);
  });
  await place.holds(records, 'all records must be stored, in their order');
}

export async function writesBytes(place: Place): Promise<void> {
  const records = plainRecords(100);
  await place.run((sink) => place.write(sink, chunkOf(records, { from: 'bytes' })));
  await place.holds(records, 'records that come as bytes must be stored like others');
}

export async function writesLastPart(place: Place): Promise<void> {
  const records = plainRecords(101);
  await place.run(async (sink) => {
    for (const chunk of chunksOf(records, 100)) await place.write(sink, chunk);
  });
  await place.holds(records, 'the last chunk must be stored, though it is not full');
}

export async function writesAtOnce(place: Place): Promise<void> {
  const records = plainRecords(90);
  await place.run(async (sink) => {
    await Promise.all(chunksOf(records, 30).map((chunk) => place.write(sink, chunk)));
  });
  await place.holdsInAnyOrder(records, 'all chunks must be stored, and once');
}

export async function closesUnopened({ harness }: Place): Promise<void> {
  const sink = await harness.create();
  await sink.close?.({ complete: false });
}

export async function closesUnwritten(place: Place): Promise<void> {
  await place.run(async () => {});
  await place.holds([], 'a run without a write must store nothing, in a readable way');
}

export async function changesNothing(place: Place): Promise<void> {
  for (const from of ['objects', 'bytes'] as const) {
    const chunk = chunkOf(plainRecords(20), { from, before: from === 'bytes' ? 20 : 0 });
    const records = structuredClone(chunk.records);
    const bytes = Buffer.from(chunk.ndjson());
    await place.run((sink) => place.write(sink, chunk));
    assert.deepStrictEqual(chunk.records, records, 'the records must stay as they were');
    assert.deepStrictEqual(Buffer.from(chunk.ndjson()), bytes, 'the bytes must stay as they were');
  }
}

export async function keepsNothing(place: Place): Promise<void> {
  const records = plainRecords(40);
  await place.run(async (sink) => {
    for (const [index, part] of [records.slice(0, 20), records.slice(20)].entries()) {
      const chunk = chunkOf(part, { from: 'bytes', before: 20 * index });
      chunk.forget();
      await place.write(sink, chunk);
      if (sink.keepsNothing === true) overwrite(chunk.encoded!);
    }
  });
  await place.holds(records, 'what becomes of the bytes of a chunk that is written must change nothing');
}

export async function takesJson(place: Place): Promise<void> {
  const records = plainRecords(20);
  await place.run(async (sink) => {
    const chunk = chunkOf(records);
    const get = () => assert.fail('the sink must not look at records when it says that it takes their JSON');
    if (sink.takesJson === true)
      for (const part of [chunk, ...chunk.blocks]) Object.defineProperty(part, 'records', { get });
    await place.write(sink, chunk);
  });
  await place.holds(records, 'all records must be stored');
}

/** Every record becomes the number 0. */
function overwrite({ bytes, starts, ends }: RecordBytes): void {
  for (const [i, start] of starts.entries()) {
    bytes.fill(0x20, start, ends[i]);
    bytes[start] = 0x30;
  }
}

export async function obeysSignal(place: Place): Promise<void> {
  const reason = new Error('stopped by the contract');
  await place.run(async (sink) => {
    const written = sink.write(chunkOf(plainRecords(2)), { attempt: 1, signal: AbortSignal.abort(reason) });
    await assert.rejects(written, 'a write must reject when its signal is aborted');
  });
  await place.holds([], 'a write that was aborted before it began must store nothing');
}

export async function goesOnAfterFailure(place: Place): Promise<void> {
  const records = plainRecords(4);
  await place.run(async (sink) => {
    const chunk = chunkOf(records);
    await sink.write(chunk, { attempt: 1, signal: AbortSignal.abort() }).catch(() => undefined);
    await place.write(sink, chunk, 2);
  });
  await place.holds(records, 'a chunk must be there once when its second attempt succeeds');
}

export async function servesSecondRun(place: Place): Promise<void> {
  const [first, second] = [plainRecords(3), plainRecords(2, 3)];
  await place.run((sink) => place.write(sink, chunkOf(first)));
  await place.run((sink) => place.write(sink, chunkOf(second, { before: 3 })));
  const expected = place.harness.secondRun === 'replaces' ? second : [...first, ...second];
  await place.holds(expected, `a second run ${place.harness.secondRun ?? 'adds'} records`);
}

export async function takesItsLimits(place: Place): Promise<void> {
  const { limits = {} } = await place.harness.create();
  for (const [name, limit] of Object.entries(limits))
    assert.ok(Number.isInteger(limit) && limit > 0, `limits.${name} must be an integer of at least 1`);
  const most = Math.min(limits.records ?? 1_000, 10_000);
  const records = fitting(plainRecords(most), limits.bytes ?? Number.POSITIVE_INFINITY);
  await place.run((sink) => place.write(sink, chunkOf(records)));
  await place.holds(records, 'a chunk within the limits must be stored');
}

export async function keepsTexts(place: Place): Promise<void> {
  const texts = place.harness.without?.includes('nul')
    ? hostileTexts.filter((text) => !text.includes('\0'))
    : hostileTexts;
  const records = texts.map((name, i) => ({ id: i + 1, name }));
  await place.run((sink) => place.write(sink, chunkOf(records)));
  await place.holds(records, 'texts must be stored as they are');
}

export async function keepsKeys(place: Place): Promise<void> {
  await place.run((sink) => place.write(sink, chunkOf(hostileKeys)));
  await place.holds(hostileKeys, 'keys must be stored as they are');
  assert.deepStrictEqual(Object.keys(Object.prototype), [], 'no key may reach the prototype of all objects');
}

export async function keepsBigIntegers(place: Place): Promise<void> {
  await place.run((sink) => place.write(sink, chunkOf(bigIntegers)));
  await place.holds(bigIntegers, 'integers must be stored without rounding');
}

export async function resolvesWhenStored(place: Place): Promise<void> {
  const records = plainRecords(50);
  await place.run(async (sink) => {
    await place.write(sink, chunkOf(records));
    await place.holds(records, 'records must be readable when their write has resolved');
  });
}

export async function storesNothingRefused(place: Place): Promise<void> {
  const records = [...plainRecords(2), place.harness.refused, ...plainRecords(1, 2)];
  let safe: readonly unknown[] = [];
  await place.run(async (sink) => {
    const written = place.write(sink, chunkOf(records));
    const error: unknown = await written.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.notEqual(error, undefined, 'a chunk with a refused record must reject');
    if (error instanceof PartialWriteError) {
      assert.ok(error.refusals.has(2), 'the refused record must be among those that are listed');
      safe = records.filter((_, i) => !error.refusals.has(i));
    }
  });
  await place.holds(safe, 'nothing of a rejected chunk may be stored, but what its error leaves out');
}

export async function leavesNothingIncomplete(place: Place): Promise<void> {
  await place.run((sink) => place.write(sink, chunkOf(plainRecords(5))), false);
  await place.holds([], 'a run that is not complete must leave nothing');
}

export async function writesOnce(place: Place): Promise<void> {
  const { guarantee } = await place.harness.create();
  if (guarantee === 'at-least-once') return;
  const records = plainRecords(5);
  await place.run((sink) => place.write(sink, chunkOf(records)), false);
  await place.run((sink) => place.write(sink, chunkOf(records)));
  await place.holds(records, `a sink that promises ${guarantee} must have one copy`);
}

function chunksOf(records: readonly ContractRecord[], size: number): Chunk[] {
  const count = Math.ceil(records.length / size);
  return Array.from({ length: count }, (_, index) => {
    const options: ChunkOfOptions = { index, before: index * size };
    return chunkOf(records.slice(index * size, (index + 1) * size), options);
  });
}

function fitting(records: readonly ContractRecord[], bytes: number): readonly ContractRecord[] {
  let size = 0;
  const beyond = records.findIndex((record) => {
    size += JSON.stringify(record).length + 1;
    return size > bytes;
  });
  return beyond < 0 ? records : records.slice(0, Math.max(beyond, 1));
}
