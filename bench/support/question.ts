/** One question of the bench: routes that do the same job, measured in turn, and what their ratios must be. */
export interface Question {
  /** What is asked, in one sentence. */
  readonly title: string;
  /** The file that a route reads, by the name of its kind of data. */
  readonly inputs: Readonly<Record<string, () => Promise<string>>>;
  readonly routes: Readonly<Record<string, Route>>;
  /** Ratios of speed that must hold; the check mode fails below them. */
  readonly targets: readonly Target[];
  /** Bounds of memory; the check mode fails above them. */
  readonly limits?: readonly Limit[];
  /** Bounds of time; the check mode fails above them. */
  readonly durations?: readonly Duration[];
  /** Runs of each route; the median counts. @default 5 */
  readonly runs?: number;
}

export interface Route {
  readonly input: string;
  /** Does the job once on a file and returns how many records it saw, or its own figures when it measures itself. */
  readonly run: (file: string) => Promise<number | Partial<Figures>>;
  /** Why the route is not run here, when it is not. */
  readonly missing?: string;
}

/** What one run has taken. */
export interface Figures {
  readonly ms: number;
  readonly records: number;
  readonly peakBytes: number;
  readonly idleBytes: number;
}

/** The most memory that a route may take over an idle process. */
export interface Limit {
  readonly route: string;
  readonly atMostMiB: number;
}

/** The most milliseconds that a route may take. */
export interface Duration {
  readonly route: string;
  readonly atMostMs: number;
}

export interface Target {
  readonly route: string;
  readonly against: string;
  /** Least speed of `route` as a multiple of that of `against`. */
  readonly atLeast: number;
  /** How many times both run in each turn: more where one run differs much from the next. @default 1 */
  readonly rounds?: number;
}
