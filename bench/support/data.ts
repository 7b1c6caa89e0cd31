import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const folder = join(tmpdir(), 'chain-reaction-bench');
const RECORDS = 100_000;

/** 100,000 records of about 1.6 KB as one JSON array: nested objects, escapes, non-ASCII text. */
export const jsonArray = (records = RECORDS) =>
  generate(`array-${records}.json`, records, '[', ',\n', ']\n', asJson);

/** The same records, one a line. */
export const ndjson = (records = RECORDS) =>
  generate(`lines-${records}.ndjson`, records, '', '\n', '\n', asJson);

/** Ten columns of the same records, and of more to make as many bytes. */
export const csv = (records = 3 * RECORDS) =>
  generate(`rows-${records}.csv`, records, `${COLUMNS.join(',')}\n`, '\n', '\n', asCsv);

export const COLUMNS = [
  'id',
  'status',
  'name',
  'email',
  'phone',
  'street',
  'city',
  'total',
  'created',
  'note',
] as const;

async function generate(
  name: string,
  records: number,
  opening: string,
  separator: string,
  closing: string,
  encode: (record: BenchRecord) => string,
): Promise<string> {
  const file = join(folder, name);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  function* pieces(): Generator<string> {
    yield opening;
    const made: string[] = [];
    for (let from = 0; from < records; from += PIECE_RECORDS) {
      const to = Math.min(from + PIECE_RECORDS, records);
      const index = made.length < MOST_PIECES ? made.length : (from / PIECE_RECORDS) % MOST_PIECES;
      made[index] ??= Array.from({ length: to - from }, (_, i) => encode(createRecord(from + i))).join(
        separator,
      );
      yield made[index];
      yield to < records ? separator : closing;
    }
  }
  await pipeline(Readable.from(pieces()), createWriteStream(`${file}.partial`));
  renameSync(`${file}.partial`, file);
  return file;
}

/** Of more than 100,000 records the first ones come again: to make each would take minutes. */
const PIECE_RECORDS = 1_000;
const MOST_PIECES = 100;

type BenchRecord = ReturnType<typeof createRecord>;

/** Of ten records, seven have plain words, two have letters of Western Europe too, and one has Japanese ones. */
const PLAIN =
  'chain reaction data "quoted" back\\slash tab\tline\nbatch order record block source sink'.split(' ');
const WESTERN = [...PLAIN, ...'über straße naïve Zürich café résumé'.split(' ')];
const JAPANESE = [...PLAIN, ...'東京 大阪 連鎖反応'.split(' ')];
const VOCABULARIES = [...Array.from({ length: 7 }, () => PLAIN), WESTERN, WESTERN, JAPANESE];

/** An order as shops keep them. The same number always makes the same one. */
function createRecord(n: number) {
  const random = sequence(n + 1);
  const pick = <T>(values: readonly T[]): T => values[random() % values.length]!;
  const words = pick(VOCABULARIES);
  const text = (count: number) => Array.from({ length: count }, () => pick(words)).join(' ');
  const price = () => (random() % 1_000_000) / 100;
  const date = () => new Date(1_700_000_000_000 + (random() % 1_000_000) * 1_000).toISOString();
  return {
    id: n + 1,
    status: pick(['open', 'paid', 'sent']),
    customer: {
      name: text(2),
      email: `user${n}@example.com`,
      phone: `+49 ${random() % 1_000_000}`,
      address: {
        street: `${text(1)} ${random() % 200}`,
        city: pick(words),
        zip: String(random() % 100_000),
        geo: { lat: (random() % 18_000) / 100, lon: (random() % 36_000) / 100 },
      },
    },
    total: price(),
    currency: pick(['EUR', 'USD', 'CHF']),
    created: date(),
    shipped: random() % 2 === 0 ? date() : null,
    isGift: random() % 8 === 0,
    tags: Array.from({ length: 4 }, () => pick(words)),
    items: Array.from({ length: 7 }, () => ({
      sku: `SKU-${random() % 10_000}`,
      name: text(2),
      quantity: random() % 10,
      price: price(),
      size: [random() % 100, random() % 100, random() % 100],
      inStock: random() % 2 === 0,
    })),
    note: text(40),
  };
}

/** A small linear congruential generator: fast, and the same everywhere. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}

function asJson(record: BenchRecord): string {
  return JSON.stringify(record);
}

function asCsv({ id, customer, total, created, status, note }: BenchRecord): string {
  const { name, email, phone, address } = customer;
  return [id, status, name, email, phone, address.street, address.city, total, created, note]
    .map(field)
    .join(',');
}

function field(value: unknown): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
