import { expect, test } from 'vitest';
import type { Sink } from '../../src/core/sink.ts';
import type { FailureKind } from '../../src/failures/index.ts';
import type { Toxic } from '../../src/testing/index.ts';
import { expectConserved, kindsOf, proxyTo, RECORDS, rehearse } from './rehearsal.ts';

/** A table of a database, and sinks that write into it. */
export interface Place {
  /** Of the server. */
  readonly url: string;
  /** With an empty table. */
  readonly clear: () => Promise<void>;
  /** The ids in the table. */
  readonly stored: () => Promise<readonly number[]>;
  /** A sink that writes by way of a proxy, and notes each chunk in the transaction that writes it – or does not. */
  readonly sink: (url: string, options: SinkOptions) => Sink;
}

export interface SinkOptions {
  readonly notes: boolean;
  /** Milliseconds without an answer after which a connection is given up; asked for each, from 1. */
  readonly patienceOf: (connection: number) => number;
}

/** Long enough for a server that is busy with other tests. */
const PATIENCE_MS = 10_000;
/** For an answer that never comes, on the first connection. */
const LITTLE_PATIENCE_MS = 400;

/** Parts of all the bytes of a connection, one way, after which it ends: in the handshake, in a statement, in a COMMIT. */
const PARTS = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995];

const WAYS = ['upstream', 'downstream'] as const;
const first = { connections: [1] } as const;

const CUTS = WAYS.flatMap((direction) =>
  PARTS.flatMap((part) => [
    {
      direction,
      part,
      toxic: (afterBytes: number): Toxic => ({ kind: 'reset', direction, afterBytes, ...first }),
    },
    { direction, part, toxic: (bytes: number): Toxic => ({ kind: 'limit', direction, bytes, ...first }) },
  ]),
).map((cut) => ({
  ...cut,
  name: `${cut.toxic(0).kind} ${cut.direction} after ${cut.part * 100} % of the bytes`,
}));

const SILENCES = WAYS.flatMap((direction) =>
  [0.3, 0.98].map((part) => ({
    direction,
    part,
    name: `silence ${direction} after ${part * 100} % of the bytes`,
    toxic: (afterBytes: number): Toxic => ({ kind: 'timeout', direction, afterBytes, ...first }),
  })),
);

const SLOW: readonly (readonly Toxic[])[] = [
  [{ kind: 'latency', ms: 3, jitterMs: 3 }],
  [{ kind: 'latency', direction: 'upstream', ms: 3, jitterMs: 3 }],
  [{ kind: 'bandwidth', direction: 'upstream', bytesPerSecond: 50_000 }],
  [{ kind: 'slice', bytes: 3 }],
  [{ kind: 'slice', direction: 'upstream', bytes: 1 }],
  [{ kind: 'slow-close', ms: 20 }],
];

const PASSING: readonly FailureKind[] = ['not-applied', 'unknown-outcome'];

/** What holds of a sink that writes each chunk in one transaction, whatever happens to its connection. */
export function testConnections(place: Place, notes: boolean): void {
  test.for([...CUTS, ...SILENCES])('loses nothing to a $name', async ({ direction, part, toxic }) => {
    const bytes = await bytesOfRun(place, notes, direction);
    const { run, stored, proxy } = await runThrough(place, notes, [toxic(Math.floor(bytes * part))]);
    expect(run.error).toBeUndefined();
    expect(run.retries).toHaveLength(1);
    expect(PASSING).toEqual(expect.arrayContaining([...kindsOf(run)]));
    expectConserved(stored, run, notes);
    expect(proxy.connections).toBe(2);
    const isRisked = !notes && kindsOf(run)[0] === 'unknown-outcome';
    expect(run.summary.possibleDuplicates).toBe(isRisked ? run.retries[0]!.chunk.count : 0);
  });

  test.for(SLOW)('loses nothing to %j', async (toxics) => {
    const { run, stored } = await runThrough(place, notes, toxics);
    expect(run).toMatchObject({ error: undefined, retries: [] });
    expect(stored).toEqual(RECORDS.map(({ id }) => id));
  });

  test('waits for a server that is down when the run begins', async () => {
    await place.clear();
    const proxy = await proxyTo(place.url);
    await proxy.down();
    const sink = place.sink(proxy.url, { notes, patienceOf: () => PATIENCE_MS });
    const late: Sink = {
      ...sink,
      async write(chunk, context) {
        if (context.attempt === 3) await proxy.up();
        await sink.write(chunk, context);
      },
    };
    const run = await rehearse(late);
    expect(run.error).toBeUndefined();
    expect(kindsOf(run)).toEqual(['not-applied']);
    expect(run.summary.possibleDuplicates).toBe(0);
    expectConserved(await place.stored(), run, true);
  });

  test('fails after the last retry when no connection is ever answered', async () => {
    const { run, stored } = await runThrough(place, notes, [{ kind: 'reset' }]);
    expect(run.error).toMatchObject({ code: 'WRITE_FAILED', attempts: 4 });
    expect(run.summary.written).toBe(0);
    expect(stored).toEqual([]);
  });

  test('writes a chunk twice only without a note of it, when the answer to its COMMIT gets lost', async () => {
    const bytes = await bytesOfRun(place, notes, 'downstream');
    const { run, stored } = await runThrough(place, notes, [
      { kind: 'reset', afterBytes: bytes - 1, ...first },
    ]);
    expect(run.error).toBeUndefined();
    expect(kindsOf(run)).toEqual(['unknown-outcome']);
    expect(stored).toHaveLength(notes ? 250 : 300);
    expect(run.summary).toMatchObject({ written: 250, possibleDuplicates: notes ? 0 : 50 });
  });

  test("with onUnknownOutcome: 'fail' writes again only where that is safe", async () => {
    const bytes = await bytesOfRun(place, notes, 'downstream');
    await place.clear();
    const proxy = await proxyTo(place.url, [{ kind: 'reset', afterBytes: bytes - 1, ...first }]);
    const run = await rehearse(place.sink(proxy.url, { notes, patienceOf: () => PATIENCE_MS }), {
      onUnknownOutcome: 'fail',
    });
    expect(run.summary.possibleDuplicates).toBe(0);
    expectConserved(await place.stored(), run, true);
    if (notes) expect(run.error).toBeUndefined();
    else expect(run.error).toMatchObject({ attempts: 1, failure: { kind: 'unknown-outcome' } });
  });
}

const measured = new Map<string, number>();

/** Bytes of the one connection of an undisturbed run. */
async function bytesOfRun(
  place: Place,
  notes: boolean,
  direction: 'upstream' | 'downstream',
): Promise<number> {
  const key = `${place.url} ${notes} ${direction}`;
  const known = measured.get(key);
  if (known !== undefined) return known;
  const { proxy, beforeClose } = await runThrough(place, notes, []);
  expect(proxy.connections).toBe(1);
  measured.set(key, beforeClose[direction]);
  return beforeClose[direction];
}

async function runThrough(place: Place, notes: boolean, toxics: readonly Toxic[]) {
  await place.clear();
  const proxy = await proxyTo(place.url, toxics);
  const isSilent = toxics.some(({ kind }) => kind === 'timeout');
  const sink = place.sink(proxy.url, {
    notes,
    patienceOf: (connection) => (isSilent && connection === 1 ? LITTLE_PATIENCE_MS : PATIENCE_MS),
  });
  let beforeClose = proxy.passed;
  const run = await rehearse({
    ...sink,
    async close(context) {
      beforeClose = proxy.passed;
      await sink.close?.(context);
    },
  });
  await proxy.close();
  return { run, proxy, beforeClose, stored: await place.stored() };
}
