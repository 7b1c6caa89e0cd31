import { describe, expect, test } from 'vitest';
import { isInteractive, painter, plain } from '../../src/cli/terminal.ts';

describe('plain', () => {
  test.each([
    ['colours', 'a\u001b[31mred\u001b[0m', 'ared'],
    ['a title for the window', 'a\u001b]0;owned\u0007b', 'ab'],
    ['a lone escape', 'a\u001bZ'.slice(0, 2), 'a�'],
    ['C1 controls', 'a\u009b31mb', 'ab'],
    ['a line of its own', 'a\n0 records lost', 'a 0 records lost'],
    ['a return to the beginning of the line', 'a\rb', 'a b'],
    ['a backspace', 'a\bb', 'a�b'],
    ['a turn of the direction of writing', 'a\u202egnp.exe', 'a�gnp.exe'],
    ['line separators of Unicode', 'a\u2028b', 'a�b'],
  ])('takes away %s', (_what, text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  test.each(['Zoë, 東京, 👩‍👩‍👧', 'a  b', 'orders (1).json'])('leaves %s as it is', (text) => {
    expect(plain(text)).toBe(text);
  });
});

describe('isInteractive', () => {
  test.each([
    [true, { isTTY: true }, {}],
    [true, { isTTY: true }, { TERM: 'xterm-256color' }],
    [true, { isTTY: true }, { CI: 'false' }],
    [false, {}, {}],
    [false, { isTTY: true }, { CI: 'true' }],
    [false, { isTTY: true }, { CI: '1' }],
    [false, { isTTY: true }, { TERM: 'dumb' }],
  ])('is %s for %j with %j', (expected, stream, env) => {
    expect(isInteractive(stream, env)).toBe(expected);
  });
});

describe('painter', () => {
  test.each([
    ['always', '\u001b[31mx\u001b[39m'],
    ['never', 'x'],
  ] as const)('does as told with --color %s', (choice, expected) => {
    expect(painter(process.stderr, choice)('red', 'x')).toBe(expected);
  });
});
