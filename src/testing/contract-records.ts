/** A record of the contract checks: two columns that any table can have. */
export interface ContractRecord {
  readonly id: number | bigint;
  readonly name: string;
}

/** Records with the ids after `before`. */
export function plainRecords(count: number, before = 0): readonly ContractRecord[] {
  return Array.from({ length: count }, (_, i) => ({ id: before + i + 1, name: `record ${before + i + 1}` }));
}

/** Texts that have been taken for something else, cut or changed on their way into one place or another. */
export const hostileTexts: readonly string[] = [
  'plain',
  '',
  ' spaces around ',
  'a,b;c\td',
  '"quoted" and \'quoted\'',
  'two\nlines',
  'two\r\nlines\r',
  'back\\slash \\n \\u0041',
  '007',
  '1e3',
  ' 12 ',
  '-0',
  '9007199254740993',
  'null',
  'true',
  'undefined',
  '=1+1',
  '+1',
  '@sum(a1)',
  "Robert'); DROP TABLE students;--",
  '{"json": [1, 2]}',
  '<script>alert(1)</script>',
  '${name} {{name}} %s',
  '\0 NUL \0',
  '\u0001\u0008\u001b[31m',
  '\ufeffmark',
  '\u2028 and \u2029',
  'naïve café – Ωμέγα – 日本語',
  '👩‍👩‍👧‍👦 🏳️‍🌈',
  '\u202eright to left',
  'Z\u0351\u036b\u0343algo',
];

/** Keys that are something else elsewhere. All records have all of them, so that they fit one table. */
export const hostileKeys: readonly ContractRecord[] = [1, 2].map((id) => {
  const keys = [
    '__proto__',
    'constructor',
    'toString',
    'a.b',
    'a "quoted" key',
    'with space',
    'ключ',
    'select',
  ];
  return Object.fromEntries([
    ['id', id],
    ['name', 'keys'],
    ...keys.map((key) => [key, `value of ${key}`]),
  ]) as unknown as ContractRecord;
});

/** Integers that a double would round. */
export const bigIntegers: readonly ContractRecord[] = [2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)].map(
  (id) => ({ id, name: 'big' }),
);
