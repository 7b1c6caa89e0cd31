import { UsageError } from './exit-codes.ts';

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `20MB`, `16MiB`, `500` as bytes. @throws UsageError */
export function parseSize(flag: string, text: string): number {
  return parse(flag, text, BYTES, 'a size such as 20MB or 16MiB');
}

/** `30s`, `500ms`, `2m` as milliseconds. @throws UsageError */
export function parseDuration(flag: string, text: string): number {
  return parse(flag, text, MILLISECONDS, 'a time such as 30s or 500ms');
}

/** A whole number. @throws UsageError */
export function parseCount(flag: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(`${flag} must be a whole number, got ${JSON.stringify(text)}`);
}

/** A whole number, or the word `adaptive`. @throws UsageError */
export function parseCountOrAdaptive(flag: string, text: string): number | 'adaptive' {
  if (text === 'adaptive') return text;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(`${flag} must be a whole number or adaptive, got ${JSON.stringify(text)}`);
}

/** A whole number, or a share such as `1%` or `0.5%` as a number between 0 and 1. @throws UsageError */
export function parseCountOrShare(flag: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  const [, percent] = /^(\d{1,2}(?:\.\d{1,6})?)%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) > 0) return Number(percent) / 100;
  throw new UsageError(`${flag} must be a whole number, or a share such as 1%, got ${JSON.stringify(text)}`);
}

function parse(
  flag: string,
  text: string,
  units: Readonly<Record<string, number>>,
  expected: string,
): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit.toLowerCase()];
  if (number === undefined || factor === undefined)
    throw new UsageError(`${flag} must be ${expected}, got ${JSON.stringify(text)}`);
  return Math.round(+number * factor);
}

/** `9.9 MB` */
export function showBytes(bytes: number): string {
  const unit = (['GB', 'MB', 'kB'] as const).find((each) => bytes >= SIZES[each]) ?? 'B';
  const value = bytes / SIZES[unit];
  return `${value >= 100 || unit === 'B' ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}

const SIZES = { GB: 1e9, MB: 1e6, kB: 1e3, B: 1 } as const;

/** `850 ms`, `2.1 s`, `3 min 20 s` */
export function showDuration(ms: number): string {
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `231,083` */
export function showCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `110,000`: three digits that count. */
export function showRate(perSecond: number): string {
  return showCount(perSecond < 1_000 ? perSecond : Number(perSecond.toPrecision(3)));
}

/** `1 chunk`, `24 chunks` */
export function counted(count: number, noun: string): string {
  return `${showCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
