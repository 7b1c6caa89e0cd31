import { describe, expect, test } from 'vitest';
import {
  classify,
  type Failure,
  type FailureKind,
  isTransient,
  isTransientKind,
} from '../../src/failures/index.ts';
import { CASES, errorWith, PARTIAL_CASES } from './cases.ts';

describe('classify()', () => {
  test.each([...CASES, ...PARTIAL_CASES])('takes $what as $kind', ({ error, kind, retryAfterMs }) => {
    const failure = classify(error);
    expect(failure).toMatchObject({ kind, why: expect.any(String) });
    expect(failure.why).not.toBe('');
    expect(failure.retryAfterMs).toBe(retryAfterMs);
  });

  test('is tested with more than 180 errors, none of them twice', () => {
    const names = CASES.map(({ what }) => what);
    expect(names.length).toBeGreaterThan(180);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    [errorWith({ code: 'ECONNRESET', syscall: 'read' }), 'ECONNRESET'],
    [errorWith({ code: 'ETIMEDOUT', syscall: 'connect' }), 'ETIMEDOUT before anything was sent'],
    [errorWith({ status: 503 }), 'HTTP 503'],
    [errorWith({ code: '40001' }), 'SQLSTATE 40001'],
    [errorWith({ errno: 1213, sqlState: '40001' }), 'MySQL 1213'],
    [errorWith({ code: 'ERR_SQLITE_ERROR', errcode: 517 }), 'SQLITE_BUSY (517)'],
    [errorWith({ name: 'MongoServerError', code: 11000 }), 'MongoDB 11000'],
    [{ status: 429, error: { type: 'circuit_breaking_exception' } }, 'circuit_breaking_exception'],
    [new TypeError('x is not a function'), 'TypeError'],
    ['a string', 'string'],
  ])('says by what it recognised %s', (error, why) => {
    expect(classify(error).why).toBe(why);
  });

  test.each([
    [10, 'not-applied'],
    [11, 'unrecognised'],
  ])('looks through %i causes: %s', (depth, kind) => {
    let error: unknown = errorWith({ code: 'ECONNREFUSED' });
    for (let i = 0; i < depth; i++) error = new Error('wrapped', { cause: error });
    expect(classify(error).kind).toBe(kind);
  });

  test('ends on causes that lead back to the error', () => {
    const first = new Error('first') as Error & { cause: unknown };
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(classify(first).kind).toBe('unrecognised');
    const all = new AggregateError([first]);
    all.errors.push(all);
    expect(classify(all).kind).toBe('unrecognised');
  });

  test('takes headers of any shape for a wait, and nonsense for none', () => {
    const wait = (headers: unknown) => classify(errorWith({ status: 503, headers })).retryAfterMs;
    expect(wait(new Headers({ 'Retry-After': '3' }))).toBe(3_000);
    expect(wait({ 'RETRY-AFTER': ['4', '5'] })).toBe(4_000);
    expect(wait({ 'retry-after': 6 })).toBe(6_000);
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined();
    expect(wait(['retry-after', '3'])).toBeUndefined();
    expect(wait('retry-after: 3')).toBeUndefined();
    expect(classify(errorWith({ status: 503, retryAfterMs: Number.NaN })).retryAfterMs).toBeUndefined();
    expect(classify(errorWith({ status: 503, retryAfterMs: -1 })).retryAfterMs).toBeUndefined();
  });
});

describe('classify() with a function', () => {
  const busy: Failure = { kind: 'throttled', why: 'the house is full' };

  test('gives it the error and what it would mean otherwise', () => {
    const seen: unknown[] = [];
    const error = errorWith({ status: 403 });
    classify(error, {
      classify: (...given) => {
        seen.push(...given);
        return undefined;
      },
    });
    expect(seen).toEqual([error, { kind: 'run-wide', why: 'HTTP 403' }]);
  });

  test('lets it extend and override the tables', () => {
    const options = { classify: (error: unknown) => (error === 'full' ? busy : undefined) };
    expect(classify('full', options)).toBe(busy);
    expect(classify('empty', options).kind).toBe('unrecognised');
    const forbidden = (_: unknown, otherwise: Failure): Failure | undefined =>
      otherwise.why === 'HTTP 403' ? { ...otherwise, kind: 'bad-records' } : undefined;
    expect(classify(errorWith({ status: 403 }), { classify: forbidden }).kind).toBe('bad-records');
  });

  test.each([{ kind: 'transient', why: 'x' }, { kind: 'throttled' }, 'throttled', null, true])(
    'refuses %j from it',
    (answer) => {
      const options = { classify: () => answer as unknown as Failure };
      expect(() => classify(new Error('x'), options)).toThrow(
        /^classify must return undefined or a failure of kind aborted, .* not-applied$/,
      );
    },
  );
});

test.each([
  ['not-applied', true],
  ['unknown-outcome', true],
  ['throttled', true],
  ['too-large', false],
  ['bad-records', false],
  ['run-wide', false],
  ['aborted', false],
  ['unrecognised', false],
] as const)('isTransientKind() of %s is %s', (kind: FailureKind, expected) => {
  expect(isTransientKind(kind)).toBe(expected);
});

test('isTransient() is about the error', () => {
  expect(isTransient(errorWith({ code: 'ECONNREFUSED' }))).toBe(true);
  expect(isTransient(new TypeError('a bug'))).toBe(false);
  expect(isTransient('x', { classify: () => ({ kind: 'throttled', why: 'x' }) })).toBe(true);
});
