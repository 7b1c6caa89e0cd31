import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { CloseContext, Sink, WriteContext } from '../../src/core/sink.ts';
import { type ContractCheck, type SinkHarness, sinkContract } from '../../src/testing/index.ts';

/** A sink that keeps every promise, over a place that is a list. Each mutant below breaks one. */
class MemorySink implements Sink {
  name = 'memory';
  guarantee: Sink['guarantee'] = 'effectively-once';
  limits = { records: 500, bytes: 10_000 };
  protected readonly place: unknown[];
  protected staged: unknown[] = [];
  protected seen: string[];

  constructor(place: unknown[], seen: string[]) {
    this.place = place;
    this.seen = seen;
  }

  async open(): Promise<void> {}

  async write(chunk: Chunk, { signal }: WriteContext): Promise<void> {
    signal.throwIfAborted();
    if (chunk.records.includes(refused)) throw new Error('refused');
    this.keep(chunk, chunk.records);
  }

  async close(_context: CloseContext): Promise<void> {}

  protected keep(chunk: Chunk, records: readonly unknown[]): void {
    if (this.seen.includes(chunk.id)) return;
    this.seen.push(chunk.id);
    this.place.push(...records);
  }
}

const refused = { id: 3, name: 'refused' };

function harnessOf(Kind: typeof MemorySink, more: Partial<SinkHarness> = {}): SinkHarness {
  let place: unknown[] = [];
  let seen: string[] = [];
  return {
    create: () => new Kind(place, seen),
    stored: async () => [...place],
    clear: () => {
      place = [];
      seen = [];
    },
    refused,
    ...more,
  };
}

describe('sinkContract()', () => {
  for (const { name, run } of sinkContract(harnessOf(MemorySink)))
    test(`passes a sink that keeps its promises: it ${name}`, run);

  test('passes a sink that tells which records it did not take', async () => {
    class Partial extends MemorySink {
      override async write(chunk: Chunk): Promise<void> {
        const at = chunk.records.indexOf(refused);
        this.keep(
          chunk,
          chunk.records.filter((_, i) => i !== at),
        );
        if (at >= 0) throw new PartialWriteError(new Map([[at, new Error('refused')]]));
      }
    }
    await named(harnessOf(Partial), 'stores nothing of a chunk with a refused record').run();
  });

  test('leaves out what the harness says the place cannot do', () => {
    const { refused: _, ...harness } = harnessOf(MemorySink, {
      without: ['keys', 'big-integers', 'nul'],
      readable: 'on-close',
    });
    const all = sinkContract(harnessOf(MemorySink, { isAllOrNothing: true })).length;
    expect(sinkContract(harness)).toHaveLength(all - 5);
  });
});

/** A mutant, and the check that must find it. */
const mutants: readonly [
  check: string,
  what: string,
  Kind: typeof MemorySink,
  more?: Partial<SinkHarness>,
][] = [
  [
    'has a name and a known guarantee',
    'no name',
    class extends MemorySink {
      override name = '';
    },
  ],
  [
    'has a name and a known guarantee',
    'a guarantee of its own',
    class extends MemorySink {
      override guarantee = 'always' as 'exactly-once';
    },
  ],
  [
    'writes all records of all chunks in order',
    'the order turned round',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(chunk, records.toReversed());
      }
    },
  ],
  [
    'writes records that are still bytes',
    'nothing when there are bytes',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        if (chunk.encoded === undefined) super.keep(chunk, records);
      }
    },
  ],
  [
    'writes a last chunk that is not full',
    'full chunks only',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        if (chunk.count === 100) super.keep(chunk, records);
      }
    },
  ],
  [
    'writes several chunks at once, each of them whole',
    'one chunk at a time, and others lost',
    class extends MemorySink {
      #isBusy = false;
      override async write(chunk: Chunk, context: WriteContext) {
        if (this.#isBusy) return;
        this.#isBusy = true;
        await new Promise(setImmediate);
        await super.write(chunk, context);
        this.#isBusy = false;
      }
    },
  ],
  [
    'keeps nothing of a chunk that is written, if it says so',
    'chunks that are looked at when the run is over',
    class extends MemorySink {
      readonly keepsNothing = true;
      readonly #chunks: Chunk[] = [];
      override async write(chunk: Chunk) {
        this.#chunks.push(chunk);
      }
      override async close() {
        for (const chunk of this.#chunks) this.keep(chunk, chunk.records);
      }
    },
  ],
  [
    'asks of records nothing but their JSON, if it says so',
    'records that are looked at',
    class extends MemorySink {
      readonly takesJson = true;
    },
  ],
  [
    'can be closed without being opened',
    'a close that needs open()',
    class extends MemorySink {
      #handle: { end(): void } | undefined;
      override async open() {
        this.#handle = { end: () => {} };
      }
      override async close() {
        this.#handle!.end();
      }
    },
  ],
  [
    'can be closed without a write',
    'a footer without records',
    class extends MemorySink {
      override async close({ complete }: CloseContext) {
        if (complete) this.place.push('the end');
      }
    },
  ],
  [
    'changes neither the records nor the bytes of a chunk',
    'records marked as written',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(chunk, structuredClone(records));
        for (const record of records) (record as { written?: true }).written = true;
      }
    },
  ],
  [
    'changes neither the records nor the bytes of a chunk',
    'bytes overwritten',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(chunk, structuredClone(records));
        chunk.encoded?.bytes.fill(0x20, 0, 5);
      }
    },
  ],
  [
    'rejects a write whose signal is aborted, and stores nothing',
    'a signal that nobody looks at',
    class extends MemorySink {
      override async write(chunk: Chunk) {
        this.keep(chunk, chunk.records);
      }
    },
  ],
  [
    'rejects a write whose signal is aborted, and stores nothing',
    'a signal that is looked at too late',
    class extends MemorySink {
      override async write(chunk: Chunk, { signal }: WriteContext) {
        this.keep(chunk, chunk.records);
        signal.throwIfAborted();
      }
    },
  ],
  [
    'goes on after a write that failed',
    'no write after a failure',
    class extends MemorySink {
      #isBroken = false;
      override async write(chunk: Chunk, context: WriteContext) {
        if (this.#isBroken) return;
        this.#isBroken = context.signal.aborted;
        await super.write(chunk, context);
      }
    },
  ],
  [
    'can be used again by a new run',
    'a place emptied at the beginning',
    class extends MemorySink {
      override async open() {
        this.place.length = 0;
      }
    },
  ],
  [
    'takes chunks as large as its limits say',
    'fewer records than it says',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(chunk, records.slice(0, 200));
      }
    },
  ],
  [
    'takes chunks as large as its limits say',
    'a limit of nothing',
    class extends MemorySink {
      override limits = { records: 0, bytes: 1 };
    },
  ],
  [
    'keeps texts as they are, whatever they look like',
    'white space trimmed',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(
          chunk,
          records.map((record) => ({
            ...(record as object),
            name: (record as { name: string }).name.trim(),
          })),
        );
      }
    },
  ],
  [
    'resolves when the records can be read',
    'records kept until the end',
    class extends MemorySink {
      protected override keep(_: Chunk, records: readonly unknown[]) {
        this.staged.push(...records);
      }
      override async close() {
        this.place.push(...this.staged);
      }
    },
  ],
  [
    'stores nothing of a chunk with a refused record, but what it says it has',
    'the records before the refused one',
    class extends MemorySink {
      override async write(chunk: Chunk, context: WriteContext) {
        const at = chunk.records.indexOf(refused);
        if (at >= 0) this.keep(chunk, chunk.records.slice(0, at));
        await super.write(chunk, context);
      }
    },
  ],
  [
    'stores nothing of a chunk with a refused record, but what it says it has',
    'a refused record left out in silence',
    class extends MemorySink {
      override async write(chunk: Chunk) {
        this.keep(
          chunk,
          chunk.records.filter((record) => record !== refused),
        );
      }
    },
  ],
  [
    'stores nothing of a chunk with a refused record, but what it says it has',
    'a list that lacks the refused record',
    class extends MemorySink {
      override async write(chunk: Chunk) {
        this.keep(
          chunk,
          chunk.records.filter((record) => record !== refused),
        );
        throw new PartialWriteError(new Map([[0, new Error('refused')]]));
      }
    },
  ],
  [
    'leaves nothing of a run that is not complete',
    'what has been written so far',
    class extends MemorySink {},
    { isAllOrNothing: true },
  ],
  [
    'keeps keys as they are, whatever they look like',
    'a __proto__ that becomes the prototype',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(chunk, records.map(assigned));
      }
    },
  ],
  [
    'keeps integers beyond 2^53',
    'integers rounded',
    class extends MemorySink {
      protected override keep(chunk: Chunk, records: readonly unknown[]) {
        super.keep(
          chunk,
          records.map((record) => ({ ...(record as object), id: Number((record as { id: bigint }).id) })),
        );
      }
    },
  ],
  [
    'has one copy of a chunk that a run wrote that was cut off, and the next one wrote again',
    'a chunk kept each time',
    class extends MemorySink {
      protected override keep(_: Chunk, records: readonly unknown[]) {
        this.place.push(...records);
      }
    },
  ],
];

function assigned(record: unknown): unknown {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record as object)) copy[key] = value;
  return copy;
}

test.each(mutants)('sinkContract() "%s" finds %s', async (check, _, Kind, more) => {
  const failure: unknown = await named(harnessOf(Kind, more), check)
    .run()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AssertionErrorOrTypeError(check));
});

test('sinkContract() has a mutant for each check', () => {
  const checks = sinkContract(harnessOf(MemorySink, { isAllOrNothing: true })).map(({ name }) => name);
  expect([...new Set(mutants.map(([check]) => check))].toSorted()).toEqual(checks.toSorted());
});

/** Only a sink that cannot be closed fails with an error of its own. */
function AssertionErrorOrTypeError(check: string): typeof AssertionError | typeof TypeError {
  return check === 'can be closed without being opened' ? TypeError : AssertionError;
}

function named(harness: SinkHarness, beginning: string): ContractCheck {
  return sinkContract(harness).find(({ name }) => name.startsWith(beginning))!;
}
