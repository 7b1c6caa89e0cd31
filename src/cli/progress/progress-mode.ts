import type { Progress } from '../../pipeline/summary.ts';
import { isInteractive } from '../terminal.ts';
import { progressText } from './progress-text.ts';

/** How progress is shown. */
export type ProgressMode = 'bar' | 'log' | 'json' | 'off';

/** Milliseconds between two drawings. */
export const INTERVALS: Readonly<Record<Exclude<ProgressMode, 'off'>, number>> = {
  bar: 100,
  log: 10_000,
  json: 1_000,
};

/** A bar where a person looks at a terminal, else lines of a log. */
export function modeOf(
  { progress, quiet = false }: { readonly progress: ProgressMode | 'auto'; readonly quiet?: boolean },
  stream: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv,
): ProgressMode {
  if (quiet) return 'off';
  if (progress !== 'auto') return progress;
  return isInteractive(stream, env) ? 'bar' : 'log';
}

/** What is written for a state of the run: text without its line break. */
export function render(mode: Exclude<ProgressMode, 'off'>, progress: Progress, columns: number): string {
  if (mode === 'json') return JSON.stringify({ progress });
  return progressText(progress, mode === 'bar' ? columns - 1 : Number.POSITIVE_INFINITY);
}
