/** The bytes that have a meaning in JSON, and the separator of JSON text sequences. */
export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const RECORD_SEPARATOR = 0x1e;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

export function isWhiteSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

/** Whether a byte ends a number or literal that stands before it. */
export function endsScalar(byte: number): boolean {
  return ENDS_SCALAR[byte] === 1;
}

const ENDS_SCALAR = Uint8Array.from({ length: 256 }, (_, byte) => {
  const separates = [
    COMMA,
    COLON,
    QUOTE,
    OPEN_ARRAY,
    CLOSE_ARRAY,
    OPEN_OBJECT,
    CLOSE_OBJECT,
    RECORD_SEPARATOR,
  ];
  return isWhiteSpace(byte) || separates.includes(byte) ? 1 : 0;
});
