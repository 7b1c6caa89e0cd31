import fc from 'fast-check';
import { decodeJson } from '../../src/formats/decode-json.ts';
import { LearnedShape } from '../../src/formats/learned-shape.ts';
import type { DecodedRun } from '../../src/formats/record-flaw.ts';
import { encodedOf } from './encoded.ts';

const decoding = { maxDepth: 1_000, maxRecordBytes: 1 << 20, numbers: 'bigint' } as const;

const LONG = 'a key that is much longer than sixteen';
const KEYS = [
  'a',
  'b',
  'ü',
  '',
  'a key of 11',
  'a key of  12',
  'a key of   13',
  LONG,
  `${LONG}, too`,
  `${LONG}, two`,
  'x:y,z',
  ' ',
];
const plain = fc.oneof(
  fc.integer({ min: -2_000, max: 2_000 }).map((n) => n / 100),
  fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'é', '京', '"', '\\', '\n', '[', '}', ',', ' ') }),
  fc.constantFrom(null, true, false, [], {}, '\u0001', 'a'.repeat(200)),
);
const nested = fc.oneof(
  fc.array(fc.oneof(plain, fc.array(plain, { maxLength: 3 })), { maxLength: 5 }),
  fc.dictionary(fc.constantFrom(...KEYS), plain, { maxKeys: 3, noNullPrototype: true }),
);
const leaf = fc.oneof({ weight: 5, arbitrary: plain }, { weight: 1, arbitrary: nested });
/** May be in place of an object or a list. */
const instead = fc.oneof(
  fc.integer({ max: 99 }),
  fc.constantFrom('', '{"', null, false, [], [{ a: 1 }, '[']),
);
/** With numbers that may not fit. */
const doubtful = fc.dictionary(
  fc.constantFrom('a', 'b'),
  fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(1e21)),
  { minKeys: 1, noNullPrototype: true },
);

type Shape = { readonly [key: string]: Shape | readonly [Shape] | undefined };

/** Keys, and what is in them: anything, an object or a list of objects. */
const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.dictionary(
    fc.constantFrom(...KEYS),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: tie('shape') },
      { weight: 1, arbitrary: fc.tuple(tie('shape')) },
    ),
    { minKeys: 1, maxKeys: 6, noNullPrototype: true },
  ),
})).shape;

/** An object of a shape; now and then something else is in place of one in it. */
function valueOf(shape: Shape): fc.Arbitrary<unknown> {
  const orElse = (usual: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: instead });
  const like = (inner: Shape[string]): fc.Arbitrary<unknown> => {
    if (inner === undefined) return leaf;
    return isList(inner)
      ? fc.oneof(fc.array(orElse(valueOf(inner[0])), { maxLength: 3 }), fc.constantFrom(null, {}, { b: '}' }))
      : orElse(valueOf(inner));
  };
  const members = Object.entries(shape).map(([key, inner]) => [key, like(inner)] as const);
  return fc.record(Object.fromEntries(members), { noNullPrototype: true });
}

function isList(inner: Shape | readonly [Shape]): inner is readonly [Shape] {
  return Array.isArray(inner);
}

/** How records are written: as `JSON.stringify` does, and with white space. */
function textOf(record: unknown): fc.Arbitrary<string> {
  return fc
    .constantFrom<(text: string) => string>(
      (text) => text,
      () => JSON.stringify(record, undefined, 1),
      (text) => text.replaceAll('":', '": ').replaceAll(',"', ' , "'),
      (text) => `${text}\t `,
    )
    .map((write) => write(JSON.stringify(record)));
}

/** What is put into records, or in place of some of their bytes. */
const SCRAPS = ['', ',', ':', '"', '\\', '[', ']', '{', '}', ' ', '1', '-', 'e5', 'null', '1,"a":2', '"a":'];

/** The text with a byte, or some, changed: anywhere, or where one means something. */
function broken(text: string): fc.Arbitrary<string> {
  const places = [...text.matchAll(/["[\]{},:]/g)].map(({ index }) => index);
  return fc
    .tuple(
      fc.nat(text.length),
      fc.nat(3),
      fc.nat(places.length - 1),
      fc.boolean(),
      fc.constantFrom(...SCRAPS),
    )
    .map(([anywhere, length, place, isPlace, scrap]) => {
      const [at, end] = isPlace ? [places[place]!, places[place]! + 1] : [anywhere, anywhere + length];
      return text.slice(0, at) + scrap + text.slice(end);
    });
}

/** A record of which a shape can be learned, and texts of others that are all like it. */
export const alikeRecords = shapes.chain((shape) =>
  fc.tuple(fullOf(shape), fc.array(valueOf(shape).chain(textOf), { minLength: 10, maxLength: 20 })),
);

/** As `alikeRecords`, with some among them that are not, or are broken. */
export const nearlyAlikeRecords = shapes.chain((shape) => {
  const other = fc.oneof(shapes.chain(valueOf), doubtful).chain(textOf);
  const text = fc.oneof(
    { weight: 20, arbitrary: valueOf(shape).chain(textOf) },
    { weight: 1, arbitrary: other },
    { weight: 1, arbitrary: valueOf(shape).chain(textOf).chain(broken) },
  );
  return fc.tuple(fullOf(shape), fc.array(text, { minLength: 10, maxLength: 30 }));
});

/** All objects and lists of a shape, with something in them. */
function fullOf(shape: Shape): fc.Arbitrary<unknown> {
  const members = Object.entries(shape).map(([key, inner]) => {
    if (inner === undefined) return [key, fc.constant(1)] as const;
    return [key, isList(inner) ? fc.tuple(fullOf(inner[0])) : fullOf(inner)] as const;
  });
  return fc.record(Object.fromEntries(members), { noNullPrototype: true });
}

/** What becomes of records when keys are left out of those that are like the first, and how many those were. */
export function decodedLike(first: unknown, texts: readonly string[]) {
  const learned = new LearnedShape();
  learned.learn(first);
  let alike = 0;
  const decode = learned.decode.bind(learned);
  learned.decode = (...given) => {
    const group = decode(...given);
    alike += group?.records?.length ?? 0;
    return group;
  };
  return { ...decodeJson(encodedOf(texts), decoding, learned), alike };
}

/** What becomes of records that are decoded with their keys. */
export function decodedWithKeys(texts: readonly string[]) {
  return decodeJson(encodedOf(texts), decoding);
}

/** As text, so that the order of keys counts, too. */
export function asText({ records, flaws }: DecodedRun<unknown>): string {
  return JSON.stringify({ records, flaws }, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : value,
  );
}
