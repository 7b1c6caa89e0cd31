/** What may come next. The states of one token follow each other without gaps. */
export const S = {
  /** A value. */
  value: 0,
  /** A value, or the end of an array that has just been opened. */
  valueOrClose: 1,
  /** A key, or the end of an object that has just been opened. */
  keyOrClose: 2,
  key: 3,
  colon: 4,
  /** A comma, or the end of what is open. */
  next: 5,
  /** Nothing: the value is complete. */
  done: 6,
  string: 7,
  escape: 8,
  hex4: 9,
  hex3: 10,
  hex2: 11,
  hex1: 12,
  /** One, two or three more bytes of a character. */
  utf8Last: 13,
  utf8Two: 14,
  utf8Three: 15,
  /** The second byte after 0xe0, 0xed, 0xf0 and 0xf4, where not every one is allowed. */
  utf8AfterE0: 16,
  utf8AfterEd: 17,
  utf8AfterF0: 18,
  utf8AfterF4: 19,
  minus: 20,
  zero: 21,
  integer: 22,
  point: 23,
  fraction: 24,
  exponent: 25,
  exponentSign: 26,
  exponentDigits: 27,
  literal: 28,
} as const;

const LITERALS = ['true', 'false', 'null'];
const STATES = S.literal + LITERALS.join('').length - LITERALS.length;

/** What the machine has to do; all of them are greater than any state. */
export const A = {
  openObject: 0x80,
  openArray: 0x81,
  closeObject: 0x82,
  closeArray: 0x83,
  openKey: 0x84,
  closeString: 0x85,
  comma: 0x86,
  /** A number has ended before this byte, which is yet to be looked at. */
  endNumber: 0x87,
  /** This byte completes a literal. */
  endLiteral: 0x88,
  syntax: 0x90,
  utf8: 0x91,
} as const;

/**
 * The grammar of JSON in UTF-8 as a table: state and byte give the next state, or an action of the machine that runs it.
 * Only nesting is not in the table: the machine keeps a stack of what is open.
 */
export const TABLE = buildTable();

/** Whether a number is complete in this state. */
export function endsNumber(state: number): boolean {
  return state === S.zero || state === S.integer || state === S.fraction || state === S.exponentDigits;
}

function buildTable(): Uint8Array {
  const table = new Uint8Array(STATES * 256).fill(A.syntax);
  const set = (state: number, from: number, to: number, next: number) =>
    table.fill(next, state * 256 + from, state * 256 + to + 1);
  const on = (state: number, characters: string, next: number) => {
    for (const character of characters) set(state, character.charCodeAt(0), character.charCodeAt(0), next);
  };

  for (let state = 0; state < STATES; state++) {
    set(state, 0x80, 0xc1, A.utf8);
    set(state, 0xf5, 0xff, A.utf8);
  }
  for (let state: number = S.value; state <= S.done; state++) on(state, ' \t\r\n', state);

  for (const state of [S.value, S.valueOrClose]) {
    on(state, '{', A.openObject);
    on(state, '[', A.openArray);
    on(state, '"', S.string);
    on(state, '-', S.minus);
    on(state, '0', S.zero);
    on(state, '123456789', S.integer);
  }
  on(S.valueOrClose, ']', A.closeArray);
  on(S.keyOrClose, '"', A.openKey);
  on(S.keyOrClose, '}', A.closeObject);
  on(S.key, '"', A.openKey);
  on(S.colon, ':', S.value);
  on(S.next, ',', A.comma);
  on(S.next, ']', A.closeArray);
  on(S.next, '}', A.closeObject);

  set(S.string, 0x20, 0x7f, S.string);
  on(S.string, '"', A.closeString);
  on(S.string, '\\', S.escape);
  on(S.escape, '"\\/bfnrt', S.string);
  on(S.escape, 'u', S.hex4);
  for (let state: number = S.hex4; state <= S.hex1; state++)
    on(state, '0123456789abcdefABCDEF', state === S.hex1 ? S.string : state + 1);
  setCharacters(set);

  for (const state of [S.zero, S.integer, S.fraction, S.exponentDigits]) set(state, 0, 0xff, A.endNumber);
  on(S.minus, '0', S.zero);
  on(S.minus, '123456789', S.integer);
  on(S.integer, '0123456789', S.integer);
  for (const state of [S.zero, S.integer]) on(state, '.', S.point);
  for (const state of [S.point, S.fraction]) on(state, '0123456789', S.fraction);
  for (const state of [S.zero, S.integer, S.fraction]) on(state, 'eE', S.exponent);
  on(S.exponent, '+-', S.exponentSign);
  for (const state of [S.exponent, S.exponentSign, S.exponentDigits])
    on(state, '0123456789', S.exponentDigits);

  let state: number = S.literal;
  for (const literal of LITERALS) {
    for (const before of [S.value, S.valueOrClose]) on(before, literal[0]!, state);
    for (const letter of literal.slice(1, -1)) on(state, letter, ++state);
    on(state++, literal.at(-1)!, A.endLiteral);
  }
  return table;
}

/** The characters beyond ASCII, as the Unicode Standard's table of well-formed byte sequences lists them. */
function setCharacters(set: (state: number, from: number, to: number, next: number) => void): void {
  set(S.string, 0xc2, 0xdf, S.utf8Last);
  set(S.string, 0xe0, 0xe0, S.utf8AfterE0);
  set(S.string, 0xe1, 0xef, S.utf8Two);
  set(S.string, 0xed, 0xed, S.utf8AfterEd);
  set(S.string, 0xf0, 0xf0, S.utf8AfterF0);
  set(S.string, 0xf1, 0xf3, S.utf8Three);
  set(S.string, 0xf4, 0xf4, S.utf8AfterF4);
  for (let state: number = S.utf8Last; state <= S.utf8AfterF4; state++) set(state, 0, 0xff, A.utf8);
  set(S.utf8Last, 0x80, 0xbf, S.string);
  set(S.utf8Two, 0x80, 0xbf, S.utf8Last);
  set(S.utf8Three, 0x80, 0xbf, S.utf8Two);
  set(S.utf8AfterE0, 0xa0, 0xbf, S.utf8Last);
  set(S.utf8AfterEd, 0x80, 0x9f, S.utf8Last);
  set(S.utf8AfterF0, 0x90, 0xbf, S.utf8Two);
  set(S.utf8AfterF4, 0x80, 0x8f, S.utf8Two);
}
