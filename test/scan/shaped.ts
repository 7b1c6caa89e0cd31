import fc from 'fast-check';

/** Keys that begin alike, that are longer than what is compared at once, and that need escapes. */
const KEYS = [
  'a',
  'b',
  'bb',
  'exactly13key',
  'exactly14keys',
  'a key of 16 bytes and more',
  'a key of 16 bytes and mork',
  'a key of 16 bytes, and longer',
  '"',
];

const scalar = fc.oneof(
  fc.constantFrom(
    'true',
    'false',
    'null',
    '0',
    '-0.5',
    '12345678901234567890',
    '1e400',
    '"\\""',
    '"x\\u12aFy"',
    '""',
  ),
  fc.integer().map(String),
  fc.integer({ min: 0, max: 40 }).map((length) => `"${'x'.repeat(length)}\\\\${'y'.repeat(length)}\\n"`),
);
const flat = shaped(scalar);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: flat },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }).map((values) => `[${values.join()}]`) },
  { weight: 1, arbitrary: fc.array(flat, { maxLength: 3 }).map((values) => `[${values.join()}]`) },
);

/** Objects with some of the keys, most often in the same order; most have no white space, as machines write them. */
function shaped(inner: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const some = fc.subarray(KEYS);
  const keys = fc.oneof(
    { weight: 4, arbitrary: some },
    { weight: 1, arbitrary: fc.shuffledSubarray([...KEYS, 'a']) },
  );
  const separators = fc.oneof(
    { weight: 4, arbitrary: fc.constant(['', '', '']) },
    { weight: 1, arbitrary: fc.constant(['\n  ', ' ', ' ']) },
  );
  return fc
    .tuple(keys, separators, fc.array(inner, { minLength: KEYS.length + 1, maxLength: KEYS.length + 1 }))
    .map(([keys, [before, behind, colon], values]) => {
      const members = keys.map((key, i) => `${before}${JSON.stringify(key)}${behind}:${colon}${values[i]}`);
      return `{${members.join()}${before}}`;
    });
}

/** Records of nearly one shape; of some a byte was changed, or the end cut off. */
export const shapedRecords: fc.Arbitrary<readonly Buffer[]> = fc.array(
  fc
    .tuple(
      shaped(value),
      fc.double({ min: 0, max: 0.999 }),
      fc.constantFrom('', '', '', 'cut', ',', '"', ':', '{', '}', '[', ']', 'x', '\\', ' ', '1', '\n'),
    )
    .map(([text, where, change]) => {
      const bytes = Buffer.from(text);
      const at = Math.floor(where * bytes.length);
      if (change === 'cut') return bytes.subarray(0, at);
      if (change !== '') bytes[at] = change.charCodeAt(0);
      return bytes;
    }),
  { minLength: 1, maxLength: 12 },
);

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength: 17 });
const numberOrLike = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 999 }).map(String) },
  { weight: 3, arbitrary: fc.tuple(digits, digits).map(([whole, part]) => `${whole.slice(0, 4)}.${part}`) },
  { weight: 1, arbitrary: digits },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom('0', '1', '20'), { minLength: 2, maxLength: 3 })
      .map((parts) => parts.join('.')),
  },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'0123456789-.eE'.split('')), maxLength: 8 }) },
);

/** Arrays of numbers, and of what is nearly one, of many lengths: close together, as machines write them, or not. */
export const numberArrays: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(numberOrLike, { minLength: 1, maxLength: 12 }),
    fc.constantFrom('', '', '', ' '),
    fc.constantFrom(']', ']', ']', ',]', ' ]', '}', ',', ''),
  )
  .map(([numbers, space, closing]) => `[${numbers.join(`,${space}`)}${closing}`);
