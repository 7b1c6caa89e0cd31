import type { Checkpoint } from '../core/checkpoint.ts';

/** Whether a value has the members of a checkpoint, each of its kind. Others than the known ones may be there, too. */
export function isCheckpoint(value: unknown): value is Checkpoint {
  return isCheckpointObject(value);
}

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isHash: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const isHashedBytes = objectOf({ from: isCount, to: isCount, sha256: isHash });
const isHashedRecord = objectOf({ record: isCount, sha256: isHash });
const isRestartPoint = objectOf({ compressed: isCount, bytes: isCount });
const isFingerprint = objectOf(
  { name: isText },
  {
    size: isCount,
    etag: isText,
    head: isHashedBytes,
    tail: isHashedBytes,
    restart: isRestartPoint,
    records: listOf(isHashedRecord),
  },
);
const isCursor = objectOf(
  { source: isCount, records: isCount },
  { bytes: isCount, lines: isCount, made: isCount },
);
const isRange = objectOf(
  { source: isCount, from: isCount, to: isCount },
  { fromMade: isCount, toMade: isCount },
);

const isCheckpointObject = objectOf(
  {},
  {
    cursor: isCursor,
    finished: listOf(isRange),
    id: isText,
    pipeline: isText,
    sources: listOf(isFingerprint),
    deadLettered: isCount,
    note: isText,
    state: (value) => value === 'running' || value === 'finished',
    savedAt: isText,
  },
);

function objectOf(
  required: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>> = {},
): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const members = value as Readonly<Record<string, unknown>>;
    return (
      Object.entries(required).every(([key, check]) => Object.hasOwn(members, key) && check(members[key])) &&
      Object.entries(optional).every(([key, check]) => !Object.hasOwn(members, key) || check(members[key]))
    );
  };
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every((element) => check(element));
}
