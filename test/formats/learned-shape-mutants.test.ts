import fc from 'fast-check';
import type { Change } from '../../scripts/build-scan.ts';
import { type ScannerMutant, testScannerMutants, useScanner } from '../scan/scanner-mutants.ts';
import { alikeRecords, nearlyAlikeRecords } from './shaped.ts';

/** What decides which values are written without their keys, each broken once. */
const MUTANTS: readonly ScannerMutant[] = [
  ['anything may follow a record', 'drop-keys.ts', ' || (next != to && !isWhite(next, to))', ''],
  ['a record need be no object', 'drop-keys.ts', 'load<u8>(from) == 0x7b ? putMembers', 'true ? putMembers'],
  ['an object need not be closed', 'drop-keys.ts', 'load<u8>(p) == 0x7d ? p + 1 : 0', 'p + 1'],
  [
    'a comma between members may be another byte',
    'drop-keys.ts',
    'load<u8>(p) == 0x2c ? behindFirst',
    'true ? behindFirst',
  ],
  [
    'a comma between elements may be another byte',
    'drop-keys.ts',
    '    if (separator != 0x2c) return 0;\n',
    '',
  ],
  ['a list does not end', 'drop-keys.ts', 'END_OF_LIST: u8 = 0x30', 'END_OF_LIST: u8 = 0x32'],
  ['no object is one', 'drop-keys.ts', 'NO_OBJECT: u8 = 0x32', 'NO_OBJECT: u8 = 0x31'],
  ['no list is one', 'drop-keys.ts', 'NO_LIST: u8 = 0x33', 'NO_LIST: u8 = 0x32'],
  [
    'brackets in strings count',
    'drop-keys.ts',
    '        next = stopOf(at + 1);\n        if (load<u8>(next) != 0x22) return 0;\n        next++;\n        break;\n',
    '',
  ],
  ['brackets behind a string are those before it', 'drop-keys.ts', '        break;\n', ''],
  [
    'what ends on one level ends on all',
    'drop-keys.ts',
    'if (depth == 0) return at + 1;',
    'if (depth <= 1) return at + 1;',
  ],
  [
    'a bracket does not end a number',
    'drop-keys.ts',
    'v128.or(v128.or(closings, commas), spaces)',
    'v128.or(commas, spaces)',
  ],
  [
    'of long keys the first sixteen bytes count',
    'members.ts',
    '  if (!isSame(<usize>load<u32>(node, REST), p + 16, length - 17)) return 0;\n',
    '',
  ],
  [
    'of a key one byte less counts',
    'members.ts',
    '(~same & load<i32>(node, MASK)) != 0',
    '(~same & (load<i32>(node, MASK) >> 1)) != 0',
  ],
];

const ELEMENTS = Array.from({ length: 10 }, () => '{"a":[{"b":1},{"b":2}]}');

/** The same records in every run. */
const ALIKE = fc.sample(alikeRecords, { seed: 7, numRuns: 300 });
const NEARLY_ALIKE = fc.sample(nearlyAlikeRecords, { seed: 7, numRuns: 1_000 });

const WITHOUT_COMMA = [
  { a: [{ b: 1 }] },
  [...ELEMENTS, ELEMENTS[0]!.replace('},{', '}:{'), ...ELEMENTS],
] as const;

testScannerMutants(MUTANTS, firstDifference);

/** Records whose keys a changed scanner has not left out, or that are decoded differently without them. */
async function firstDifference(change: Change): Promise<string | undefined> {
  await useScanner(change);
  const { asText, decodedLike, decodedWithKeys } = await import('./shaped.ts');
  for (const [first, texts] of ALIKE)
    if (decodedLike(first, texts).alike !== texts.length) return texts.join('\n');
  for (const [first, texts] of [...NEARLY_ALIKE, WITHOUT_COMMA])
    if (asText(decodedLike(first, texts)) !== asText(decodedWithKeys(texts))) return texts.join('\n');
  return undefined;
}
