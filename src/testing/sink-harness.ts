import type { Sink } from '../core/sink.ts';
import type { ContractRecord } from './contract-records.ts';

/** What a test supplies: new sinks for one place, and a look at what is stored there. */
export interface SinkHarness {
  /** A new sink that writes to the place. Called once for each run that a check makes. */
  create(): Sink | Promise<Sink>;
  /** The records at the place. Called after a run has ended, and after a write where `readable` is `on-write`. */
  stored(): Promise<readonly unknown[]>;
  /** Empties the place. Called before each check. */
  clear(): void | Promise<void>;
  /** What `stored` gives for a record, where that is not the record itself: all texts from CSV, say. */
  readonly represent?: (record: ContractRecord) => unknown;
  /** A record with the columns `id` and `name` that the sink refuses, if it refuses any. */
  readonly refused?: unknown;
  /** When records can be read. @default 'on-write' */
  readonly readable?: 'on-write' | 'on-close';
  /** What a second run does to the records of the first. @default 'adds' */
  readonly secondRun?: 'adds' | 'replaces';
  /** Whether a run that is not complete leaves nothing at all. @default false */
  readonly isAllOrNothing?: boolean;
  /** Whether the place keeps records in the order of the writes. @default true */
  readonly isOrdered?: boolean;
  /** What the place cannot hold: the checks of it are left out. @default none */
  readonly without?: readonly SinkFeature[];
}

/** `keys`: other columns than `id` and `name`. `big-integers`: beyond 2^53. `nul`: texts with U+0000. */
export type SinkFeature = 'keys' | 'big-integers' | 'nul';
