import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { decompress } from '../../src/sources/decompress.ts';
import { piecesOf } from '../support/blocks.ts';

const text = Array.from({ length: 40 }, (_, id) => `{"id":${id},"text":"zürich ${id * 7919}"}`).join('\n');
const COMPRESSORS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const;
const NAMES = { gzip: 'a.gz', deflate: 'a', br: 'a.br', zstd: 'a.zst' } as const;
const KINDS = Object.keys(COMPRESSORS) as (keyof typeof COMPRESSORS)[];

async function inflated(
  bytes: Uint8Array,
  name: string,
  cuts: number | readonly number[] = 1e9,
  options = {},
): Promise<string> {
  const pieces: Uint8Array[] = [];
  const input = (async function* () {
    yield* piecesOf(bytes, cuts);
  })();
  for await (const piece of decompress(input, { name, ...options })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function drain(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const piece of pieces) expect(piece).toBeDefined();
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: { code: string }) => error.code,
  );

describe.each(KINDS)('decompress() of %s', (kind) => {
  const bytes = COMPRESSORS[kind](Buffer.from(text));
  const name = NAMES[kind];

  test.each([1, 2, 3, 7, 64, 1e9])('takes pieces of %i bytes', async (size) => {
    expect(await inflated(bytes, name, size)).toBe(text);
  });

  test('calls every truncation what it is, and never ends quietly', async () => {
    for (let length = 1; length < bytes.length; length++) {
      const outcome = await codeOf(inflated(bytes.subarray(0, length), name, 16, { compression: kind }));
      expect(outcome, `${length} of ${bytes.length} bytes`).toBe('SOURCE_TRUNCATED');
    }
  });

  test('tells the compressed byte at which the input ends', async () => {
    await expect(inflated(bytes.subarray(0, 50), name, 1e9, { compression: kind })).rejects.toThrow(
      /^a\S*: The compressed input ends too early, at compressed byte \d+$/,
    );
  });

  test('never gives out something else than what was compressed when a byte is changed', async () => {
    let found = 0;
    for (let at = 4; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x10;
      const outcome = await codeOf(inflated(damaged, name, 1e9, { compression: kind }));
      if (outcome === 'CORRUPT_COMPRESSION' || outcome === 'SOURCE_TRUNCATED') found++;
      else if (HAS_CHECKSUM[kind]) expect(outcome, `byte ${at}`).toBe(text);
    }
    expect(found).toBeGreaterThan(bytes.length / 3);
  });

  test('stops a bomb at the ratio', async () => {
    const zeros = COMPRESSORS[kind](Buffer.alloc(20_000_000));
    const promise = inflated(zeros, name, 1e9, { compression: kind, maxRatio: 100 });
    await expect(promise).rejects.toMatchObject({
      code: 'DECOMPRESSION_BOMB',
      message: expect.stringContaining('maxRatio'),
    });
  });

  test('passes an error of the input on as it is', async () => {
    const input = (async function* () {
      yield bytes.subarray(0, 20);
      throw new Error('the line is dead');
    })();
    await expect(drain(decompress(input, { name }))).rejects.toThrow('the line is dead');
  });

  test('lets go of the input when the reader leaves', async () => {
    let isClosed = false;
    const whole = COMPRESSORS[kind](randomBytes(3_000_000));
    const input = (async function* () {
      try {
        yield MAY_GO_ON[kind] ? whole : whole.subarray(0, whole.length - 10);
        for (;;) {
          await nextTurn();
          yield MAY_GO_ON[kind] ? whole : new Uint8Array(0);
        }
      } finally {
        isClosed = true;
      }
    })();
    for await (const piece of decompress(input, { name, maxRatio: 1e9, compression: kind })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(() => expect(isClosed).toBe(true));
  });
});

/** Another member or frame may follow. */
const MAY_GO_ON = { gzip: true, deflate: false, br: false, zstd: true } as const;

/** zstd writes one only when asked, brotli has none: there a changed byte may give another text. */
const HAS_CHECKSUM = { gzip: true, deflate: true, br: false, zstd: false } as const;

describe('decompress()', () => {
  test.each([1, 5, 1e9])(
    'reads all members of gzip and all frames of zstd, in pieces of %i bytes',
    async (size) => {
      const parts = ['one\n', '', 'two\n', 'x'.repeat(300_000), '\nend'];
      for (const [compress, name] of [
        [gzipSync, 'a.gz'],
        [zstdCompressSync, 'a.zst'],
      ] as const) {
        const bytes = Buffer.concat(parts.map((part) => compress(Buffer.from(part))));
        expect(await inflated(bytes, name, size)).toBe(parts.join(''));
      }
    },
  );

  describe.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
    // its compressed bytes are those of the text: what looks like a member there is none
    ['gzip', (text: Uint8Array) => gzipSync(text, { level: 0 })],
  ] as const)('tells where decompression of %s can begin', (compression, compress) => {
    const texts = [
      'one\n',
      '',
      `two ${'\x1f\x8b\x08\0'.repeat(40)}\n`,
      'x'.repeat(300_000),
      '\x1f\x8b\x08\0\0\0\0\0\0\0',
      '\nend',
    ].map((text) => Buffer.from(text, 'latin1'));
    const members = texts.map((text) => compress(text));
    const bytes = Buffer.concat(members);
    const sum = (list: readonly Uint8Array[]) => list.reduce((length, part) => length + part.length, 0);
    const starts = members.map((_, i) => ({
      compressed: sum(members.slice(0, i)),
      bytes: sum(texts.slice(0, i)),
    }));

    test.each([1, 2, 3, 7, 64, 1e9])('in pieces of %i bytes', async (size) => {
      const onRestart = vi.fn();
      expect(await inflated(bytes, 'a', size, { compression, onRestart })).toBe(
        Buffer.concat(texts).toString(),
      );
      expect(onRestart.mock.calls.flat()).toEqual(starts.slice(1));
    });

    test('and begins there', async () => {
      for (const [i, startAt] of starts.entries()) {
        const onRestart = vi.fn();
        const rest = bytes.subarray(startAt.compressed);
        const options = { compression, startAt, onRestart };
        expect(await inflated(rest, 'a', 1_000, options)).toBe(Buffer.concat(texts.slice(i)).toString());
        expect(onRestart.mock.calls.flat()).toEqual(starts.slice(i + 1));
        const cut = inflated(rest.subarray(0, -3), 'a', 1_000, options);
        await expect(cut).rejects.toThrow(new RegExp(`at compressed byte ${bytes.length - 3}$`));
      }
    });
  });

  test('skips the skippable frames of zstd', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const frame = zstdCompressSync(Buffer.from('text'));
    expect(await inflated(Buffer.concat([frame, skippable, frame]), 'a.zst', 3)).toBe('texttext');
  });

  test.each([
    ['gzip', Buffer.concat([gzipSync('a'), Buffer.from('garbage')]), 'a.gz'],
    ['zstd', Buffer.concat([zstdCompressSync(Buffer.from('a')), Buffer.from('garbage')]), 'a.zst'],
    ['brotli', Buffer.concat([brotliCompressSync('a'), Buffer.from('garbage')]), 'a.br'],
    ['deflate', Buffer.concat([deflateSync('a'), Buffer.from('garbage')]), 'a'],
  ])('does not take garbage behind %s for nothing', async (_kind, bytes, name) => {
    expect(await codeOf(inflated(bytes, name))).toBe('CORRUPT_COMPRESSION');
  });

  test('takes zeros behind gzip for padding', async () => {
    expect(await inflated(Buffer.concat([gzipSync('a'), Buffer.alloc(512)]), 'a.gz')).toBe('a');
  });

  test.each(['x^2 + y', '{"a":1}', 'id,name', ''])('leaves %j as it is', async (plain) => {
    expect(await inflated(Buffer.from(plain), 'a.txt', 1)).toBe(plain);
  });

  test.each(['a.gz', 'a.zst', 'https://example.com/a.json.gz?x=1'])(
    'does not take an empty %s for an empty file',
    async (name) => {
      expect(await codeOf(inflated(Buffer.alloc(0), name))).toBe('SOURCE_TRUNCATED');
    },
  );

  test('recognises by the first bytes, whatever the name', async () => {
    expect(await inflated(gzipSync('hello'), 'a.json', 1)).toBe('hello');
  });

  test('counts the compressed bytes', async () => {
    let bytes = 0;
    const compressed = gzipSync(text);
    await inflated(compressed, 'a.gz', 10, { onInput: (length: number) => (bytes += length) });
    expect(bytes).toBe(compressed.length);
  });

  test.each([
    [{ compression: 'lzma' }, 'compression must be one of'],
    [{ maxRatio: 0 }, 'maxRatio must be a number from 1'],
  ])('refuses %j', async (options, message) => {
    await expect(inflated(Buffer.from('x'), 'a', 1, options)).rejects.toThrow(message);
  });
});
