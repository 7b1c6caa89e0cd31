import { among, equalTo, escapedBy, lessThan, prefixXor } from './blocks';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  DONE,
  END_LITERAL,
  END_NUMBER,
  ESCAPE,
  HEX4,
  FIRST_ACTION,
  KEY,
  KEY_OR_CLOSE,
  NEXT,
  OPEN_ARRAY,
  OPEN_KEY,
  OPEN_OBJECT,
  STRING,
  VALUE,
  VALUE_OR_CLOSE,
} from './grammar';
import { STACK, TABLE, WINDOW } from './layout';

/**
 * Whether the bytes `from` up to `to` of the window are one JSON value, given that they are UTF-8.
 * First the masks of a block, then its tokens: brackets, colons, commas, and where strings and scalars begin.
 */
export function isJson(from: i32, to: i32, maxDepth: i32): bool {
  const WHITE = i8x16(0x20, -1, -1, -1, -1, -1, -1, -1, -1, 0x09, 0x0a, -1, -1, 0x0d, -1, 0);
  const STRUCTURE = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0x3a, 0x7b, 0x2c, 0x7d, -1, 0);
  const end = WINDOW + to;
  let state: i32 = VALUE;
  let depth: i32 = 0;
  let isInObject = false;
  let escapeCarry: u64 = 0;
  let stringCarry: u64 = 0;
  let scalarCarry: u64 = 0;

  for (let p = WINDOW + from; p < end; p += 64) {
    const n = <i32>min<usize>(64, end - p);
    const valid: u64 = n < 64 ? ((<u64>1) << n) - 1 : -1;
    const backslashes = equalTo(p, i8x16.splat(0x5c)) & valid;
    const escaped = escapedBy(backslashes, escapeCarry);
    const quotes = equalTo(p, i8x16.splat(0x22)) & ~escaped & valid;
    const inside = prefixXor(quotes) ^ stringCarry;
    const outside = ~inside & valid;
    if (hasControl(p) && lessThan(p, i8x16.splat(0x20)) & valid & inside) return false;
    escapeCarry = 0;
    if (backslashes != 0) {
      const escapes = backslashes & ~escaped;
      if (!areEscapes(p, escapes)) return false;
      escapeCarry = escapes >> 63;
    }
    stringCarry = <u64>(<i64>inside >> 63);
    // a string that opens with the first byte of the block has its token there
    if (outside == 0 && quotes == 0) {
      scalarCarry = 0;
      continue;
    }

    const white = among(p, WHITE, i8x16.splat(0));
    // a control character with the low bits of a comma or colon is a token, too: the grammar refuses it
    const structure = among(p, STRUCTURE, i8x16.splat(0x20)) & outside;
    const scalars = outside & ~(structure | white | quotes);
    let tokens = structure | (quotes & inside) | (scalars & ~((scalars << 1) | scalarCarry));
    scalarCarry = scalars >> 63;

    while (tokens != 0) {
      const token = p + <usize>ctz(tokens);
      tokens &= tokens - 1;
      const next = <i32>load<u8>(TABLE + (state << 8) + load<u8>(token));
      switch (next) {
        case VALUE: // a colon
          state = VALUE;
          continue;
        case OPEN_KEY:
          state = COLON;
          // most often the colon is in the same block
          if (tokens != 0 && load<u8>(p + <usize>ctz(tokens)) == 0x3a) {
            tokens &= tokens - 1;
            state = VALUE;
          }
          continue;
        case COMMA:
          state = isInObject ? KEY : VALUE;
          continue;
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          if (++depth > maxDepth) return false;
          isInObject = next == OPEN_OBJECT;
          store<u8>(STACK + depth, isInObject ? 1 : 0);
          state = isInObject ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
          continue;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          if (isInObject != (next == CLOSE_OBJECT)) return false;
          depth--;
          isInObject = load<u8>(STACK + depth) != 0;
          break;
        case STRING:
          break;
        default:
          if (next >= FIRST_ACTION || !isScalar(token, end, next)) return false;
      }
      // behind a value most often comes a comma
      state = depth == 0 ? DONE : NEXT;
      if (tokens != 0 && depth != 0 && load<u8>(p + <usize>ctz(tokens)) == 0x2c) {
        tokens &= tokens - 1;
        state = isInObject ? KEY : VALUE;
      }
    }
  }
  return state == DONE && stringCarry == 0;
}

/** Whether a number or literal that begins at `from`, with its first byte leading to `state`, is one to its end. */
function isScalar(from: usize, end: usize, first: i32): bool {
  let state = first;
  let p = from + 1;
  for (; p < end; p++) {
    const next = <i32>load<u8>(TABLE + (state << 8) + load<u8>(p));
    if (next < FIRST_ACTION) state = next;
    else if (next == END_NUMBER) return endsScalar(load<u8>(p));
    else return next == END_LITERAL && (p + 1 == end || endsScalar(load<u8>(p + 1)));
  }
  // a number is complete where any byte would end it
  return load<u8>(TABLE + (state << 8)) == END_NUMBER;
}

// @ts-ignore: decorator
@inline
function endsScalar(byte: u8): bool {
  const bracket = byte | 0x20;
  return (
    byte == 0x2c || byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 || bracket == 0x7d || bracket == 0x7b ||
    byte == 0x3a || byte == 0x22
  );
}

/** Whether what follows each backslash is an escape. Bytes behind the record do no harm: then its string is not closed. */
// @ts-ignore: decorator
@inline
function areEscapes(p: usize, backslashes: u64): bool {
  let left = backslashes;
  while (left != 0) {
    const at = p + <usize>ctz(left) + 1;
    left &= left - 1;
    const next = <i32>load<u8>(TABLE + (ESCAPE << 8) + load<u8>(at));
    if (next != STRING && (next >= FIRST_ACTION || !isHex(at + 1))) return false;
  }
  return true;
}

/** Whether there are four hexadecimal digits. */
function isHex(from: usize): bool {
  let state = HEX4;
  for (let p = from; p < from + 4; p++) {
    state = <i32>load<u8>(TABLE + (state << 8) + load<u8>(p));
    if (state >= FIRST_ACTION) return false;
  }
  return true;
}

/** Whether any byte of the block is below a space. */
// @ts-ignore: decorator
@inline
function hasControl(p: usize): bool {
  const least = i8x16.min_u(
    i8x16.min_u(v128.load(p), v128.load(p, 16)),
    i8x16.min_u(v128.load(p, 32), v128.load(p, 48)),
  );
  return v128.any_true(i8x16.lt_u(least, i8x16.splat(0x20)));
}
