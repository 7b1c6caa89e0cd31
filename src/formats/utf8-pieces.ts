/** The input holds bytes that are not UTF-8. */
export class NotUtf8 extends Error {}

/**
 * Decodes UTF-8 that is cut anywhere; a byte order mark at the beginning is left out. Text before a flaw is given out
 * before the flaw is thrown, so that the same text comes out however the bytes were cut.
 */
export class Utf8Pieces {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #isFirst = true;
  /** The beginning of a character that the last piece did not end. */
  #rest: Uint8Array = new Uint8Array(0);

  *decode(piece: Uint8Array): Generator<string, void> {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - unfinished(bytes);
    this.#rest = new Uint8Array(bytes.subarray(end));
    yield* this.#decodeWhole(bytes.subarray(0, end));
  }

  /** @throws NotUtf8 when a character is not complete */
  end(): void {
    if (this.#rest.length > 0) throw new NotUtf8('The input ends within a character');
  }

  *#decodeWhole(bytes: Uint8Array): Generator<string, void> {
    let text: string | undefined;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      yield this.#withoutMark(this.#decoder.decode(validPart(bytes)));
      throw new NotUtf8('The input is not valid UTF-8');
    }
    yield this.#withoutMark(text);
  }

  #withoutMark(text: string): string {
    if (!this.#isFirst || text === '') return text;
    this.#isFirst = false;
    return text.startsWith('\ufeff') ? text.slice(1) : text;
  }
}

/** Bytes at the end that begin a character and do not end it. */
function unfinished(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const byte = bytes[bytes.length - length]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return length < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length : 0;
  }
  return 0;
}

/** The longest part that is UTF-8, found by halves: a part of a valid text is valid but for its last character. */
function validPart(bytes: Uint8Array): Uint8Array {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    const part = bytes.subarray(0, middle);
    try {
      decoder.decode(part.subarray(0, middle - unfinished(part)));
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  const part = bytes.subarray(0, valid);
  return part.subarray(0, valid - unfinished(part));
}
