import { afterEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { forgetSecrets, mask } from '../../src/cli/secrets.ts';
import { type HeaderFlagValues, urlHeaders } from '../../src/cli/url-headers.ts';

afterEach(forgetSecrets);

const A = 'https://a.example/x';
const B = 'https://b.example/y';
const ENV = { TOKEN: 'Bearer canary' };

function headers(flags: HeaderFlagValues, sources: readonly string[], sink: string, warnings: string[] = []) {
  return urlHeaders(flags, sources, sink, ENV, (text) => warnings.push(text));
}

describe('urlHeaders', () => {
  test('gives --header to the only URL, be it source or sink', () => {
    const flags = { header: ['X-A: 1'], headerEnv: ['Authorization=TOKEN'] };
    const given = { 'X-A': '1', Authorization: 'Bearer canary' };
    expect(headers(flags, [A], 'o.csv').source).toEqual(given);
    expect(headers(flags, ['a.csv'], A).sink).toEqual(given);
  });

  test('gives --header to both sides of one server', () => {
    const found = headers({ header: ['X-A: 1'] }, [A], 'https://a.example/other');
    expect(found).toEqual({ source: { 'X-A': '1' }, sink: { 'X-A': '1' } });
  });

  test('never gives one token to two servers', () => {
    const flags = { headerEnv: ['Authorization=TOKEN'] };
    for (const [sources, sink] of [
      [[A], B],
      [[A, B], 'o.csv'],
      [[A], A.replace('https', 'http')],
    ] as const) {
      expect(() => headers(flags, sources, sink)).toThrow(UsageError);
      expect(() => headers(flags, sources, sink)).toThrow(/--source-header or --sink-header/);
    }
  });

  test('tells sources and sink apart', () => {
    const flags = { sourceHeaderEnv: ['Authorization=TOKEN'], sinkHeader: ['X-B: 2'] };
    expect(headers(flags, [A], B)).toEqual({
      source: { Authorization: 'Bearer canary' },
      sink: { 'X-B': '2' },
    });
  });

  test.each([
    ['--header without a URL', { header: ['X-A: 1'] }, 'a.csv', 'o.csv'],
    ['--source-header without one among the sources', { sourceHeader: ['X-A: 1'] }, 'a.csv', B],
    ['--sink-header with a file', { sinkHeader: ['X-A: 1'] }, A, 'o.csv'],
    ['a header without a value', { header: ['Authorization:'] }, A, 'o.csv'],
    ['a header without a name', { header: ['canary'] }, A, 'o.csv'],
    ['a value in the place of a variable', { headerEnv: ['Authorization: canary'] }, A, 'o.csv'],
    ['a variable that is not set', { headerEnv: ['Authorization=MISSING'] }, A, 'o.csv'],
  ])('refuses %s, without showing a value', (_what, flags, source, sink) => {
    expect(() => headers(flags, [source], sink)).toThrow(UsageError);
    expect(() => headers(flags, [source], sink)).not.toThrow(/canary/);
  });

  test('warns of a secret that others can see, and hides it from then on', () => {
    const warnings: string[] = [];
    headers({ header: ['Authorization: canary', 'Accept: text/csv'] }, [A], 'o.csv', warnings);
    expect(warnings).toEqual([
      '--header Authorization shows in the list of processes; --header-env Authorization=VARIABLE does not',
    ]);
    expect(mask('canary')).toBe('***');
  });

  test('keeps a header called __proto__ a header', () => {
    const { source } = headers({ header: ['__proto__: x'] }, [A], 'o.csv');
    expect(Object.keys(source!)).toEqual(['__proto__']);
  });
});
