import type { Flaw } from '../engine.ts';
import { isWhiteSpace } from '../json/bytes.ts';
import { JsonMachine } from '../json/machine.ts';
import { unexpected } from '../json/reasons.ts';
import { S } from '../json/table.ts';

/** Checks whole JSON records, one after another. @returns the first flaw */
export function validateJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  maxDepth: number,
): Flaw | undefined {
  const machine = new JsonMachine(maxDepth);
  for (let record = 0; record < starts.length; record++) {
    const flaw = flawOf(machine, bytes, starts[record]!, ends[record]!);
    if (flaw !== undefined) return { record, ...flaw };
  }
  return undefined;
}

function flawOf(
  machine: JsonMachine,
  bytes: Uint8Array,
  start: number,
  end: number,
): Omit<Flaw, 'record'> | undefined {
  machine.begin();
  let offset = machine.run(bytes, start, end);
  if (machine.flaw !== undefined) return { offset, ...machine.flaw };
  if (!machine.mayEnd) return { offset, kind: 'syntax', reason: 'The record ends too early' };
  while (offset < end && isWhiteSpace(bytes[offset]!)) offset += 1;
  if (offset === end) return undefined;
  const { kind, message } = unexpected(S.done, bytes[offset]!, offset, undefined);
  return { offset, kind: kind === 'utf8' ? kind : 'syntax', reason: message };
}
