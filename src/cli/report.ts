import { countUnaccounted, type Summary } from '../pipeline/summary.ts';
import { counted, showBytes, showCount, showDuration, showRate } from './units.ts';

/** What a summary is about, beside its counts. */
export interface ReportContext {
  /** How to speak of the sink. */
  readonly sink: string;
  /** File of the dead letters. */
  readonly deadLetters?: string | undefined;
  /** What was written counts only if the run is complete. */
  readonly isAllOrNothing?: boolean;
  /** Where it is noted how far the run has come: the same command goes on there. */
  readonly notedIn?: string;
  /** The run has gone on with what an earlier one has done. */
  readonly isContinued?: boolean;
}

/** `231,083 records written to orders.db (table orders) in 2.1 s – 110,000 records/s, 232 chunks, 0 retries`, and what else became of records. */
export function summaryLines(summary: Summary, { sink, deadLetters }: ReportContext): readonly string[] {
  const { written, filtered, deadLettered, added, elapsedMs, chunks, finishedAt } = summary;
  const { retries, possibleDuplicates } = summary;
  if (finishedAt !== undefined)
    return [
      `Finished already (${finishedAt}): nothing was read or written; --restart does it again`,
      ...beforeLine(summary),
    ];
  const speed = elapsedMs > 0 ? (written / elapsedMs) * 1_000 : 0;
  const details = `${showRate(speed)} records/s, ${counted(chunks, 'chunk')}, ${retries === 1 ? '1 retry' : `${showCount(retries)} retries`}`;
  const unaccounted = countUnaccounted(summary);
  return [
    `${counted(written, 'record')} written to ${sink} in ${showDuration(elapsedMs)} – ${details}`,
    ...(filtered + added + deadLettered > 0 ? [othersLine(summary, deadLetters)] : []),
    ...beforeLine(summary),
    ...(possibleDuplicates > 0 ? [twiceLine(summary)] : []),
    ...(unaccounted > 0
      ? [`${counted(unaccounted, 'record')} read and not written: ${rangesOf(summary)}`]
      : []),
  ];
}

/** `Interrupted after 1,200 records (3.2 MB of 9.9 MB): what comes after them was not read` */
export function interruptedLine({ read, bytes }: Summary, totalBytes: number | undefined): string {
  const size =
    totalBytes === undefined ? showBytes(bytes) : `${showBytes(bytes)} of ${showBytes(totalBytes)}`;
  return `Interrupted after ${counted(read, 'record')} (${size}): what comes after them was not read`;
}

/** What people can do after a run that has not come to its end. */
export function resumeLine(
  { written, deadLettered }: Summary,
  { notedIn, isContinued = false }: ReportContext,
): string | undefined {
  if (notedIn === undefined || (written + deadLettered === 0 && !isContinued)) return undefined;
  return `The same command goes on where this one has ended (${notedIn}); --restart begins anew`;
}

/** `o.csv is as it was before: …`, where the count of written records says something else. */
export function nothingLine(
  { written }: Summary,
  { sink, isAllOrNothing }: ReportContext,
): string | undefined {
  if (!isAllOrNothing || written === 0) return undefined;
  return `${sink} is as it was before: a file appears under its name complete or not at all`;
}

function othersLine(
  { read, added, filtered, refused, deadLettered }: Summary,
  deadLetters: string | undefined,
): string {
  const parts = [
    `${counted(read, 'record')} read`,
    ...(added > 0 ? [`${showCount(added)} added by the transform`] : []),
    ...(filtered > 0 ? [`${showCount(filtered)} filtered`] : []),
    ...(deadLettered > 0
      ? [
          `${setAside(deadLettered, refused)}, set aside${deadLetters === undefined ? '' : ` in ${deadLetters}`}`,
        ]
      : []),
  ];
  return parts.join(', ');
}

function beforeLine({ deadLetteredBefore = 0 }: Summary): readonly string[] {
  return deadLetteredBefore > 0 ? [`${counted(deadLetteredBefore, 'record')} set aside before`] : [];
}

/** A run that failed may have refused more than it has set aside. */
function setAside(deadLettered: number, refused: number): string {
  const refusedOnes = Math.min(refused, deadLettered);
  const invalid = deadLettered - refusedOnes;
  return [
    ...(invalid > 0 ? [`${showCount(invalid)} invalid`] : []),
    ...(refusedOnes > 0 ? [`${showCount(refusedOnes)} refused`] : []),
  ].join(' and ');
}

function twiceLine({ possibleDuplicates }: Summary): string {
  const many = `Up to ${counted(possibleDuplicates, 'record')} may be written twice`;
  return `${many}: the answer to a write got lost, and it was made again (--on-unknown-outcome fail stops instead)`;
}

const MOST_RANGES = 3;

function rangesOf({ unaccounted }: Summary): string {
  const shown = unaccounted
    .slice(0, MOST_RANGES)
    .map(({ source, from, to }) => `${source}: ${showCount(from)}–${showCount(to)}`);
  return [
    ...shown,
    ...(unaccounted.length > MOST_RANGES ? [`and ${unaccounted.length - MOST_RANGES} more`] : []),
  ].join(', ');
}
