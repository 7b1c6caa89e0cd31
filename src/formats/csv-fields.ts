/** How fields are divided, as characters. */
export interface CsvDialect {
  readonly delimiter: string;
  /** `undefined` when fields are never quoted. */
  readonly quote: string | undefined;
}

/**
 * The fields of one record, where it follows RFC 4180 to the letter: a quote only around a whole field, and doubled in it.
 * @returns `undefined` for every other record, malformed or not
 */
export function splitFields(text: string, { delimiter, quote }: CsvDialect): string[] | undefined {
  if (quote === undefined || !text.includes(quote)) return text.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  let nextQuote = text.indexOf(quote);
  for (;;) {
    const isQuoted = nextQuote === at;
    const end = isQuoted ? closingQuote(text, quote, at + 1) + 1 : fieldEnd(text, delimiter, at);
    if (isQuoted) {
      if (end === 0 || (end < text.length && text[end] !== delimiter)) return undefined;
      fields.push(unquoted(text, quote, at + 1, end - 1));
      nextQuote = text.indexOf(quote, end);
    } else {
      if (nextQuote >= 0 && nextQuote < end) return undefined;
      fields.push(text.slice(at, end));
    }
    if (end === text.length) return fields;
    at = end + 1;
  }
}

/** @returns -1 when there is none */
function closingQuote(text: string, quote: string, from: number): number {
  let at = text.indexOf(quote, from);
  while (at >= 0 && text[at + 1] === quote) at = text.indexOf(quote, at + 2);
  return at;
}

function fieldEnd(text: string, delimiter: string, from: number): number {
  const end = text.indexOf(delimiter, from);
  return end < 0 ? text.length : end;
}

/** What is between quotes, of two quotes in it one. */
function unquoted(text: string, quote: string, from: number, to: number): string {
  let content = '';
  let start = from;
  for (let at = text.indexOf(quote, from); at < to; at = text.indexOf(quote, start)) {
    content += text.slice(start, at + 1);
    start = at + 2;
  }
  return start === from ? text.slice(from, to) : content + text.slice(start, to);
}
