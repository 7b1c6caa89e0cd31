import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, onTestFinished, test } from 'vitest';
import { type ClassifyFunction, type Failure, httpError } from '../../src/failures/index.ts';
import { type Expected, errorOf, expectFailure } from './expect-failure.ts';
import { deadPort, serve } from './servers.ts';

class QuotaError extends Error {}

const answer = async (status: number, body = '') => {
  const url = await serve((_, response) => response.writeHead(status).end(body));
  throw await httpError(await fetch(url, { method: 'POST' }));
};
const refuse = async () => fetch(`http://127.0.0.1:${await deadPort()}/`);
const insertTwice = async () => {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1), (1)');
};

const as =
  (why: string, kind: Failure['kind'], more: Partial<Failure> = {}): ClassifyFunction =>
  (_, otherwise) =>
    otherwise.why === why ? { ...otherwise, kind, ...more } : undefined;

type Row = readonly [what: string, classify: ClassifyFunction, fail: () => Promise<unknown>, Expected];

const ROWS: readonly Row[] = [
  [
    'an error that no table knows',
    (error) => (error instanceof QuotaError ? { kind: 'throttled', why: 'the quota' } : undefined),
    async () => Promise.reject(new QuotaError('come back later')),
    { kind: 'throttled', why: 'the quota' },
  ],
  [
    'a wait for an error that no table knows',
    () => ({ kind: 'throttled', why: 'the quota', retryAfterMs: 3_000 }),
    async () => Promise.reject(new QuotaError('come back later')),
    { kind: 'throttled', retryAfterMs: 3_000 },
  ],
  [
    'a missing right that is about the records',
    as('HTTP 403', 'bad-records'),
    () => answer(403),
    { kind: 'bad-records' },
  ],
  ['a missing right that passes', as('HTTP 403', 'throttled'), () => answer(403), { kind: 'throttled' }],
  [
    'a word in the answer',
    (error) => (/try again/.test(String(error)) ? { kind: 'not-applied', why: 'try again' } : undefined),
    () => answer(400, 'please try again'),
    { kind: 'not-applied' },
  ],
  ['a status that never passes', as('HTTP 500', 'run-wide'), () => answer(500), { kind: 'run-wide' }],
  [
    'a status that one retry mends',
    as('HTTP 500', 'not-applied', { maxRetries: 1 }),
    () => answer(500),
    { kind: 'not-applied', attempts: 2 },
  ],
  ['a server that must be there', as('ECONNREFUSED', 'run-wide'), refuse, { kind: 'run-wide' }],
  [
    'a file that will be there',
    as('ENOENT', 'not-applied'),
    () => readFile('/no/such/file'),
    { kind: 'not-applied' },
  ],
  [
    'a key that is taken for a moment',
    as('SQLITE_CONSTRAINT (1555)', 'not-applied'),
    insertTwice,
    { kind: 'not-applied' },
  ],
];

describe('a function of the user says what it means:', () => {
  test.for(ROWS)('%s', async ([, classify, fail, expected]) => {
    await expectFailure(await errorOf(fail), expected, { classify });
  });
});

const OTHERS: readonly (readonly [what: string, fail: () => Promise<unknown>, Expected])[] = [
  ['a missing file', () => readFile('/no/such/file'), { kind: 'run-wide', why: 'ENOENT' }],
  ['a server that is busy', () => answer(503), { kind: 'throttled', why: 'HTTP 503' }],
  ['a key that is taken', insertTwice, { kind: 'bad-records', why: 'SQLITE_CONSTRAINT (1555)' }],
];

describe('a function of the user leaves to the tables', () => {
  test.for(OTHERS)('%s', async ([, fail, expected]) => {
    await expectFailure(await errorOf(fail), expected, { classify: as('HTTP 403', 'throttled') });
  });
});
