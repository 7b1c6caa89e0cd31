import type { Progress } from '../../pipeline/summary.ts';
import { counted, showBytes, showCount, showDuration, showRate } from '../units.ts';

/**
 * `█████░░░░░ 48%  110,000 records  5.2 MB of 11.1 MB  104,000/s  11 chunks  1 s left`, without what matters least where
 * it would be wider than `columns`.
 */
export function progressText(progress: Progress, columns: number): string {
  const parts = partsOf(progress);
  const leastFirst = parts.toSorted((a, b) => b.rank - a.rank);
  let kept = parts;
  while (textOf(kept).length > columns && kept.length > 1) {
    const least = leastFirst.shift();
    kept = kept.filter((part) => part !== least);
  }
  return textOf(kept).slice(0, Math.max(columns, 0));
}

interface Part {
  readonly text: string;
  /** 1 matters most. */
  readonly rank: number;
}

const BAR_WIDTH = 20;

function partsOf(progress: Progress): readonly Part[] {
  const { bytes, totalBytes, written, recordsPerSecond, chunks, retries, remainingMs, paused } = progress;
  const share = shareOf(progress);
  const read =
    totalBytes === undefined ? showBytes(bytes) : `${showBytes(bytes)} of ${showBytes(totalBytes)}`;
  return [
    ...(share === undefined
      ? []
      : [
          { text: bar(share), rank: 7 },
          { text: `${Math.floor(share * 100)}%`, rank: 3 },
        ]),
    { text: counted(written, 'record'), rank: 1 },
    ...(paused === undefined ? [] : [{ text: `paused ${showDuration(paused.ms)}: ${paused.why}`, rank: 2 }]),
    { text: read, rank: 6 },
    { text: `${showRate(recordsPerSecond)}/s`, rank: 5 },
    { text: counted(chunks, 'chunk'), rank: 9 },
    ...(retries > 0 ? [{ text: retries === 1 ? '1 retry' : `${showCount(retries)} retries`, rank: 8 }] : []),
    ...paceOf(progress).map((text) => ({ text, rank: 10 })),
    ...(remainingMs === undefined || share === 1
      ? []
      : [{ text: `${showDuration(remainingMs)} left`, rank: 4 }]),
  ];
}

function paceOf({ inFlight = 0, concurrency = 1, batchSize }: Progress): readonly string[] {
  return [
    ...(concurrency > 1 ? [`${inFlight} of ${concurrency} in flight`] : []),
    ...(batchSize === undefined ? [] : [`${showCount(batchSize)} a chunk`]),
  ];
}

function shareOf({ bytes, totalBytes }: Progress): number | undefined {
  return totalBytes === undefined || totalBytes === 0 ? undefined : Math.min(bytes / totalBytes, 1);
}

function bar(share: number): string {
  const full = Math.round(share * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join('  ');
}
