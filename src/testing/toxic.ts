import { expectKind, integerBetween, MAX_TIMER_MS, numberBetween, oneOf } from '../core/options.ts';

/** Where and when a toxic acts. */
export interface ToxicScope {
  /** `upstream`: on what the client sends; `downstream`: on what the target answers. @default 'downstream' */
  readonly direction?: Direction;
  /** Numbers of the connections it acts on, from 1. @default all */
  readonly connections?: readonly number[];
  /** Bytes of a connection, in its direction, that pass before it acts. @default 0 */
  readonly afterBytes?: number;
}

/** The way that bytes take through the proxy. */
export type Direction = 'upstream' | 'downstream';

/**
 * What is wrong with a network, named as in Toxiproxy (github.com/Shopify/toxiproxy).
 * - `latency`: holds each piece back for `ms`, more or less by up to `jitterMs`
 * - `bandwidth`: lets `bytesPerSecond` through
 * - `slice`: passes on pieces of at most `bytes`, `delayMs` apart
 * - `slow-close`: the end of the connection comes `ms` later
 * - `timeout`: no byte passes any more, until the toxic is removed; the connection is closed after `closeAfterMs`, or
 *   when the client hangs up while what it sends is held back
 * - `limit`: closes the connection (FIN) when more than `bytes` would pass
 * - `reset`: resets the connection (RST) when a byte would pass, `delayMs` later
 */
export type Toxic = ToxicScope &
  (
    | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
    | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
    | { readonly kind: 'slice'; readonly bytes: number; readonly delayMs?: number }
    | { readonly kind: 'slow-close'; readonly ms: number }
    | { readonly kind: 'timeout'; readonly closeAfterMs?: number }
    | { readonly kind: 'limit'; readonly bytes: number }
    | { readonly kind: 'reset'; readonly delayMs?: number }
  );

/** What each kind of toxic must be told (`true`) or may be told, beside where and when it acts. */
const SETTINGS: Readonly<Record<Toxic['kind'], Readonly<Record<string, boolean>>>> = {
  latency: { ms: true, jitterMs: false },
  bandwidth: { bytesPerSecond: true },
  slice: { bytes: true, delayMs: false },
  'slow-close': { ms: true },
  timeout: { closeAfterMs: false },
  limit: { bytes: true },
  reset: { delayMs: false },
};

const SCOPE = ['kind', 'direction', 'connections', 'afterBytes'];

/** @throws TypeError or RangeError when a toxic is wrong */
export function checkToxic(toxic: Toxic): void {
  const { kind, direction = 'downstream', connections, afterBytes = 0 } = toxic;
  oneOf('kind', kind, Object.keys(SETTINGS) as Toxic['kind'][]);
  oneOf('direction', direction, ['upstream', 'downstream']);
  integerBetween('afterBytes', afterBytes, 0, Number.MAX_SAFE_INTEGER);
  const areNumbers = connections?.every((number) => Number.isInteger(number) && number > 0) ?? true;
  expectKind('connections', connections, areNumbers, 'a list of numbers from 1');
  for (const [name, isRequired] of Object.entries(SETTINGS[kind])) {
    const value = (toxic as unknown as Readonly<Record<string, unknown>>)[name];
    if (isRequired || value !== undefined) checkSetting(name, value, kind);
  }
  const unknown = Object.keys(toxic).find((name) => !SCOPE.includes(name) && !(name in SETTINGS[kind]));
  if (unknown !== undefined) throw new TypeError(`The toxic ${kind} has no option ${unknown}`);
}

function checkSetting(name: string, value: unknown, kind: Toxic['kind']): void {
  if (/ms$/i.test(name)) numberBetween(name, value, 0, MAX_TIMER_MS);
  else integerBetween(name, value, kind === 'limit' ? 0 : 1, Number.MAX_SAFE_INTEGER);
}

/** The bytes of a connection that pass before a toxic acts. */
export function thresholdOf(toxic: Toxic): number {
  return toxic.kind === 'limit' ? toxic.bytes : (toxic.afterBytes ?? 0);
}

/** Pieces of a bandwidth come so often, in milliseconds. */
const PACE_MS = 20;

/** The largest piece that a toxic passes on at once. */
export function pieceSizeOf(toxic: Toxic): number {
  if (toxic.kind === 'slice') return toxic.bytes;
  return toxic.kind === 'bandwidth'
    ? Math.max(Math.floor((toxic.bytesPerSecond * PACE_MS) / 1_000), 1)
    : Number.POSITIVE_INFINITY;
}

/** What a toxic does when a piece of bytes is to pass: it waits, and may end the connection. */
export interface ToxicEffect {
  readonly waitMs: number;
  readonly end?: 'close' | 'reset';
}

/** @param chance from 0 up to, not including, 1 */
export function effectOf(toxic: Toxic, pieceLength: number, chance: number): ToxicEffect {
  switch (toxic.kind) {
    case 'latency':
      return { waitMs: Math.max(toxic.ms + (2 * chance - 1) * (toxic.jitterMs ?? 0), 0) };
    case 'bandwidth':
      return { waitMs: (pieceLength / toxic.bytesPerSecond) * 1_000 };
    case 'slice':
      return { waitMs: toxic.delayMs ?? 0 };
    case 'timeout':
      return { waitMs: toxic.closeAfterMs ?? Number.POSITIVE_INFINITY, end: 'close' };
    case 'limit':
      return { waitMs: 0, end: 'close' };
    case 'reset':
      return { waitMs: toxic.delayMs ?? 0, end: 'reset' };
    default:
      return { waitMs: 0 };
  }
}
