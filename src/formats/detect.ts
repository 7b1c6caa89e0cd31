import type { FormatName, FormatOptions } from './format-named.ts';

export interface DetectInput {
  /** Name of the source: a path or URL. */
  readonly name?: string;
  /** Media type that the source states. */
  readonly contentType?: string;
  /** The first bytes, decompressed. */
  readonly head: Uint8Array;
  /** Nothing comes after them. */
  readonly isWhole: boolean;
  /** What has been asked for: a path, a filter or `jsonc` means that JSON is one document. */
  readonly options?: FormatOptions;
}

export interface Detected {
  readonly format: FormatName;
  readonly options: FormatOptions;
  /** By what: `name`, `content type` or `content`. */
  readonly by: 'name' | 'content type' | 'content';
}

/**
 * The format of a source, from its name, its content type, or its first bytes. What the first bytes say for certain wins:
 * many a `.json` is NDJSON.
 */
export function detectFormat(input: DetectInput): Detected | undefined {
  const { name = '', contentType = '', head, isWhole, options = {} } = input;
  const content = new TextDecoder('utf-8').decode(head);
  const stated = byName(name) ?? byContentType(contentType);
  const isDocument = options.path !== undefined || options.filter !== undefined || options.jsonc === true;
  const detected = stated === undefined ? byContent(content, isWhole) : checked(stated, content, isWhole);
  if (detected?.format === 'json-seq' && isDocument) return { ...detected, format: 'json' };
  return detected ?? (/^text\/plain\b/i.test(contentType) ? PLAIN_TEXT : undefined);
}

/** Whether the first bytes are a byte order mark of UTF-16, which no text in UTF-8 begins with. */
export function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** How much of the first bytes detection has to see: where name or content type speak, the first line may do. */
export function headNeeded({
  name = '',
  contentType = '',
}: Pick<DetectInput, 'name' | 'contentType'>): HeadNeed {
  const { format } = byName(name) ?? byContentType(contentType) ?? {};
  if (format === 'text' || format === 'tsv') return 'a byte';
  return format === 'ndjson' ? 'a line' : '64 KiB';
}

export type HeadNeed = 'a byte' | 'a line' | '64 KiB';

const PLAIN_TEXT: Detected = { format: 'text', options: {}, by: 'content type' };

/** A name or content type, corrected by what the first bytes say. */
function checked(stated: Detected, content: string, isWhole: boolean): Detected {
  if (stated.format === 'json') return { ...stated, format: jsonKind(content, isWhole) };
  if (stated.format === 'csv') return { ...stated, options: delimiterOption(content, isWhole) };
  const isSpread = stated.format === 'ndjson' && /^[\s\ufeff]*[[{][ \t]*\r?\n/.test(content);
  return isSpread ? { ...stated, format: jsonKind(content, isWhole) } : stated;
}

const COMPRESSION = /\.(?:gz|gzip|zst|zstd|br|zz|deflate)$/i;

const EXTENSIONS: Readonly<Record<string, FormatName>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  geojson: 'json',
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'text',
  log: 'text',
};

function byName(name: string): Detected | undefined {
  const path = /^https?:/i.test(name) ? (name.split(/[?#]/, 1)[0] ?? '') : name;
  const extension = path
    .replace(COMPRESSION, '')
    .match(/\.([a-z]+)$/i)?.[1]
    ?.toLowerCase();
  const format =
    extension === undefined || !Object.hasOwn(EXTENSIONS, extension) ? undefined : EXTENSIONS[extension];
  return format && { format, options: {}, by: 'name' };
}

const CONTENT_TYPES: readonly (readonly [pattern: RegExp, format: FormatName])[] = [
  [/^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)\b/, 'ndjson'],
  [/^application\/json-seq\b/, 'json-seq'],
  [/^(?:application|text)\/json\b/, 'json'],
  [/^application\/[\w.-]+\+json\b/, 'json'],
  [/^(?:text|application)\/csv\b/, 'csv'],
  [/^text\/tab-separated-values\b/, 'tsv'],
];

function byContentType(contentType: string): Detected | undefined {
  const format = CONTENT_TYPES.find(([pattern]) => pattern.test(contentType.trim().toLowerCase()))?.[1];
  return format && { format, options: {}, by: 'content type' };
}

function byContent(text: string, isWhole: boolean): Detected | undefined {
  const first = text.trimStart()[0];
  if (first === '[' || first === '{' || first === '\u001e')
    return { format: jsonKind(text, isWhole), options: {}, by: 'content' };
  const delimiter = linesOf(text, isWhole).length > 1 ? sniffDelimiter(text, isWhole) : undefined;
  if (delimiter === undefined)
    return isWhole && text.trim() === '' ? { format: 'text', options: {}, by: 'content' } : undefined;
  return {
    format: delimiter === '\t' ? 'tsv' : 'csv',
    options: delimiterOption(text, isWhole),
    by: 'content',
  };
}

/** One value a line is NDJSON; a text that begins with an array is a document; anything else may be several texts. */
function jsonKind(text: string, isWhole: boolean): FormatName {
  const lines = linesOf(text, isWhole);
  const [first, second] = lines.map((line) => line.replace(/^\u001e/, ''));
  if (
    first !== undefined &&
    second !== undefined &&
    isJson(first) &&
    (isJson(second) || /^\s*[{[]/.test(second))
  )
    return 'ndjson';
  const begin = text.trimStart()[0];
  return begin === '{' || begin === '\u001e' ? 'json-seq' : 'json';
}

function delimiterOption(text: string, isWhole: boolean): FormatOptions {
  const delimiter = sniffDelimiter(text, isWhole);
  return delimiter === undefined || delimiter === ',' ? {} : { delimiter };
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The character that is in each of the first lines equally often, outside quotes; of several the most frequent one. */
function sniffDelimiter(text: string, isWhole: boolean): string | undefined {
  const lines = linesOf(text.replaceAll(/"[^"]*"/g, ''), isWhole).slice(0, 20);
  if (lines.length === 0) return undefined;
  const found = DELIMITERS.map((delimiter) => {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    return { delimiter, count: counts.every((count) => count === counts[0]) ? counts[0]! : 0 };
  });
  const best = found.toSorted((a, b) => b.count - a.count)[0]!;
  return best.count > 0 ? best.delimiter : undefined;
}

/** Whole lines that are not blank. */
function linesOf(text: string, isWhole: boolean): readonly string[] {
  const lines = text.split(/\r?\n/);
  return (isWhole ? lines : lines.slice(0, -1)).filter((line) => line.trim() !== '');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
