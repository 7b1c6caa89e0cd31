import { equalButCase, equalTo, escapesBegun, padBlock, prefixXor } from './blocks';
import { BACKSLASHES, CLOSINGS, OPENINGS, QUOTES } from './bytes';
import {
  CLOSE_STRING,
  COLON,
  FIRST_ACTION,
  KEY,
  KEY_OR_CLOSE,
  NEXT,
  STRING,
  VALUE,
  VALUE_OR_CLOSE,
} from './grammar';
import { ENDS, STARTS, STATE, TABLE, WINDOW } from './layout';

// Containers and places as the host numbers them.
const ARRAY: i32 = 0;
const OBJECT: i32 = 1;
const VALUES: i32 = 2;
const DOCUMENT: i32 = 3;

const BETWEEN: i32 = 0;
const IN_NESTED: i32 = 1;
const IN_STRING: i32 = 2;
const IN_SCALAR: i32 = 3;
const IN_KEY: i32 = 4;

// Why the scan stopped.
const MORE: i32 = 0;
const CLOSED: i32 = 1;
const UNEXPECTED: i32 = 2;
const TOO_DEEP: i32 = 3;

let count: i32 = 0;

/**
 * Finds the records that end in the first `length` bytes of the window.
 * @param shift is added to each offset that is written
 * @returns where it stopped; the state says why
 */
export function frameJson(length: i32, shift: i32): i32 {
  const container = load<i32>(STATE, 0);
  let place = load<i32>(STATE, 4);
  let grammar = load<i32>(STATE, 8);
  let depth = load<i32>(STATE, 12);
  let start = load<i32>(STATE, 16);
  let escapeCarry = <u64>(<u32>load<i32>(STATE, 20));
  let stringCarry = <u64>(<i64>load<i32>(STATE, 24));
  const maxDepth = load<i32>(STATE, 28);
  let stop = MORE;
  let at: i32 = 0;
  count = 0;
  padBlock(WINDOW + length);


  for (let base: i32 = 0; base < length && stop == MORE; base += 64) {
    const p = WINDOW + base;
    const n = min(64, length - base);
    const begun = escapesBegun(equalTo(p, v128.load(BACKSLASHES)), escapeCarry);
    const escaped = (begun << 1) | escapeCarry;
    const quotes = equalTo(p, v128.load(QUOTES)) & ~escaped;
    const inside = prefixXor(quotes) ^ stringCarry;
    escapeCarry = n < 64 ? (escaped >> n) & 1 : begun >> 63;
    stringCarry = <u64>(<i64>inside >> 63);
    const opens = equalButCase(p, v128.load(OPENINGS)) & ~inside;
    const closes = equalButCase(p, v128.load(CLOSINGS)) & ~inside;

    let i: i32 = 0;
    while (i < n) {
      if (place == IN_NESTED) {
        const ahead = <u64>-1 << i;
        const up = opens & ahead;
        const down = closes & ahead;
        const ups = <i32>popcnt(up);
        const downs = <i32>popcnt(down);
        if (depth > downs && depth + ups <= maxDepth) {
          depth += ups - downs;
          break;
        }
        let brackets = up | down;
        i = n;
        while (brackets != 0) {
          const t = <i32>ctz(brackets);
          brackets &= brackets - 1;
          if ((up >> t) & 1) {
            if (++depth > maxDepth) {
              stop = TOO_DEEP;
              i = t;
              break;
            }
          } else if (--depth == 0) {
            i = t + 1;
            add(start + shift, base + i + shift);
            place = BETWEEN;
            grammar = container == VALUES ? VALUE : NEXT;
            if (container == DOCUMENT) stop = CLOSED;
            break;
          }
        }
        if (stop != MORE) break;
      } else if (place == IN_STRING) {
        const ahead = quotes & (<u64>-1 << i);
        if (ahead == 0) break;
        i = <i32>ctz(ahead) + 1;
        add(start + shift, base + i + shift);
        place = BETWEEN;
        grammar = container == VALUES ? VALUE : NEXT;
        if (container == DOCUMENT) {
          stop = CLOSED;
          break;
        }
      } else if (place == IN_SCALAR) {
        while (i < n && !endsScalar(load<u8>(p + i), (escaped >> i) & 1)) i++;
        if (i == n) break;
        add(start + shift, base + i + shift);
        place = BETWEEN;
        grammar = container == VALUES ? VALUE : NEXT;
        if (container == DOCUMENT) {
          stop = CLOSED;
          break;
        }
      } else if (place == IN_KEY) {
        const next = <i32>load<u8>(TABLE + (grammar << 8) + load<u8>(p + i));
        if (next == CLOSE_STRING) {
          place = BETWEEN;
          grammar = COLON;
        } else if (next >= FIRST_ACTION) {
          stop = UNEXPECTED;
          break;
        } else grammar = next;
        i++;
      } else {
        const byte = load<u8>(p + i);
        if (isWhiteSpace(byte) || (byte == 0x1e && container == VALUES)) {
          i++;
        } else if (grammar <= VALUE_OR_CLOSE && (byte | 0x20) == 0x7b) {
          if (maxDepth < 1) {
            stop = TOO_DEEP;
            break;
          }
          start = base + i;
          place = IN_NESTED;
          depth = 1;
          i++;
        } else if (grammar <= VALUE_OR_CLOSE && byte == 0x22) {
          start = base + i;
          place = IN_STRING;
          i++;
        } else if (grammar <= VALUE_OR_CLOSE && !endsScalar(byte, 0)) {
          start = base + i;
          place = IN_SCALAR;
          i++;
        } else if (byte == 0x2c && grammar == NEXT) {
          grammar = container == OBJECT ? KEY : VALUE;
          i++;
        } else if (byte == 0x3a && grammar == COLON) {
          grammar = VALUE;
          i++;
        } else if (byte == 0x22 && (grammar == KEY || grammar == KEY_OR_CLOSE)) {
          place = IN_KEY;
          grammar = STRING;
          i++;
        } else if (byte == (container == OBJECT ? 0x7d : 0x5d) && canClose(grammar)) {
          stop = CLOSED;
          i++;
          break;
        } else {
          stop = UNEXPECTED;
          break;
        }
      }
    }
    at = base + (stop == MORE ? n : i);
  }

  store<i32>(STATE, place, 4);
  store<i32>(STATE, grammar, 8);
  store<i32>(STATE, depth, 12);
  store<i32>(STATE, start - at, 16);
  store<i32>(STATE, <i32>escapeCarry, 20);
  store<i32>(STATE, <i32>stringCarry, 24);
  store<i32>(STATE, stop, 32);
  store<i32>(STATE, count, 36);
  return at;
}

// @ts-ignore: decorator
@inline
function add(start: i32, end: i32): void {
  store<i32>(STARTS + (count << 2), start);
  store<i32>(ENDS + (count << 2), end);
  count++;
}

// @ts-ignore: decorator
@inline
function isWhiteSpace(byte: u8): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

/** Whether a byte ends a number or literal before it; a quote behind a backslash does not. */
function endsScalar(byte: u8, isEscaped: u64): bool {
  if (isWhiteSpace(byte)) return true;
  if (byte == 0x22) return isEscaped == 0;
  const bracket = byte | 0x20;
  return byte == 0x2c || byte == 0x3a || byte == 0x1e || bracket == 0x7b || bracket == 0x7d;
}

/** An array is never in the states of keys. */
// @ts-ignore: decorator
@inline
function canClose(grammar: i32): bool {
  return grammar == VALUE_OR_CLOSE || grammar == KEY_OR_CLOSE || grammar == NEXT;
}
