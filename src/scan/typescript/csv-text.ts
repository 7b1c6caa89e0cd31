import type { CsvDivision } from '../engine.ts';
import type { ByteList } from './byte-list.ts';

/** A field without the quotes around it. */
export interface CsvField {
  readonly start: number;
  readonly end: number;
  readonly isQuoted: boolean;
  readonly isMissing: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const CAPITAL_N = 0x4e;
/** What follows the backslash for characters that mean something in COPY text. */
const LETTERS: ReadonlyMap<number, number> = new Map(
  Object.entries({ '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', '\\': '\\' }).map(
    ([character, letter]) => [character.charCodeAt(0), letter.charCodeAt(0)],
  ),
);

/** Writes a field as PostgreSQL's COPY takes it. @returns false when it holds a NUL, which COPY does not take */
export function putCopyField(
  bytes: Uint8Array,
  { start, end, isQuoted, isMissing }: CsvField,
  { quote }: CsvDivision,
  out: ByteList,
): boolean {
  out.reserve(2 * (end - start) + 2);
  if (isMissing) {
    out.put(BACKSLASH);
    out.put(CAPITAL_N);
  }
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0) return false;
    const letter = byte < 0x20 || byte === BACKSLASH ? LETTERS.get(byte) : undefined;
    if (letter !== undefined) out.put(BACKSLASH);
    out.put(letter ?? byte);
    // of two quotes one is content
    if (isQuoted && byte === quote) at += 1;
  }
  return true;
}

/** Writes a field as RFC 4180 has it, quoted where it must be. */
export function putCsvField(
  bytes: Uint8Array,
  { start, end, isQuoted }: CsvField,
  { quote }: CsvDivision,
  delimiter: number,
  out: ByteList,
): void {
  const isWrapped = needsQuotes(bytes, start, end, delimiter);
  out.reserve(2 * (end - start) + 2);
  if (isWrapped) out.put(QUOTE);
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) out.put(QUOTE);
    out.put(byte);
    if (isQuoted && byte === quote) at += 1;
  }
  if (isWrapped) out.put(QUOTE);
}

function needsQuotes(bytes: Uint8Array, start: number, end: number, delimiter: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE || byte === delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN) return true;
  }
  return false;
}

/** Whether a field may be a number whose text is not the field: it has a point or an exponent, or is zero with a minus. */
export function mayBeOtherNumber(bytes: Uint8Array, { start, end }: CsvField): boolean {
  const whole = bytes[start] === MINUS ? start + 1 : start;
  let at = whole;
  while (at < end && bytes[at]! >= DIGIT_0 && bytes[at]! <= DIGIT_9) at += 1;
  if (at === whole || at > end) return false;
  if (at < end) return '.eE'.includes(String.fromCharCode(bytes[at]!));
  return whole > start && bytes[whole] === DIGIT_0;
}
