import { Readable } from 'node:stream';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isNameable, pipelineHashOf, runNameOf } from '../../src/pipeline/run-name.ts';
import { httpSink } from '../../src/sinks/http-sink.ts';
import { fileSource } from '../../src/sources/file-source.ts';
import { httpSource } from '../../src/sources/http-source.ts';
import type { SourceInput } from '../../src/sources/to-sources.ts';

const SINK = 'sqlite:orders.db?table=orders';

describe('runNameOf()', () => {
  test('is made of the sources and the sink, and stays what it is, whatever the version', () => {
    expect(runNameOf('orders.ndjson', SINK)).toBe('0d8591f383404830d4919bcdb3a6c502');
  });

  test.each<[string, SourceInput, SourceInput]>([
    ['a path, alone and in a list', 'a.ndjson', ['a.ndjson']],
    ['a path, and a source of it', 'a.ndjson', fileSource('a.ndjson')],
    ['a URL, and its text', new URL('https://example.com/a.ndjson'), 'https://example.com/a.ndjson'],
    ['a URL, and a source of it', 'https://example.com/a.ndjson', httpSource('https://example.com/a.ndjson')],
    ['a URL with a port that goes without saying', 'https://example.com:443/a', 'HTTPS://EXAMPLE.com/a'],
    ['other credentials in a URL', 'https://ann:old@example.com/a', 'https://bob:new@example.com/a'],
    ['credentials in a URL, and none', 'https://ann:old@example.com/a', 'https://example.com/a'],
    ['another token in a URL', 'https://example.com/a?token=old&n=1', 'https://example.com/a?token=new&n=1'],
    [
      'another signature of a URL',
      'https://example.com/a?X-Amz-Date=1&X-Amz-Signature=old',
      'https://example.com/a?X-Amz-Date=2&X-Amz-Signature=new',
    ],
    ['another key of access', 'https://example.com/a?api_key=old', 'https://example.com/a?api_key=new'],
  ])('is the same for %s', (_, one, other) => {
    expect(runNameOf(other, SINK)).toBe(runNameOf(one, SINK));
  });

  test.each<[string, SourceInput, SourceInput]>([
    ['another path', 'a.ndjson', 'b.ndjson'],
    ['a path and a further one', 'a.ndjson', ['a.ndjson', 'b.ndjson']],
    ['another order', ['a.ndjson', 'b.ndjson'], ['b.ndjson', 'a.ndjson']],
    ['another division into names', ['a', 'b'], ['a,b']],
    ['a glob, and the only file that it finds', '*.ndjson', 'a.ndjson'],
    ['a relative path, and an absolute one: a run keeps its name where a folder is moved', 'a', '/work/a'],
    ['another host', 'https://example.com/a', 'https://example.org/a'],
    ['another path of a URL', 'https://example.com/a', 'https://example.com/b'],
    ['another parameter of a URL', 'https://example.com/a?page=1', 'https://example.com/a?page=2'],
    [
      'another key that may name what is read',
      'https://example.com/?key=a.csv',
      'https://example.com/?key=b.csv',
    ],
    ['another author', 'https://example.com/?author=ann', 'https://example.com/?author=bob'],
    ['another keyword', 'https://example.com/?keyword=a', 'https://example.com/?keyword=b'],
    ['another scheme', 'https://example.com/a', 'http://example.com/a'],
  ])('is another one for %s', (_, one, other) => {
    expect(runNameOf(other, SINK)).not.toBe(runNameOf(one, SINK));
  });

  test('is another one for another sink', () => {
    expect(runNameOf('a', 'sqlite:a.db?table=b')).not.toBe(runNameOf('a', 'sqlite:a.db?table=c'));
  });

  test('is another one for another query of an HTTP sink', () => {
    const named = (query: string) => httpSink({ url: `https://example.com/rows${query}` }).name;
    expect(runNameOf('a', named('?table=a'))).not.toBe(runNameOf('a', named('?table=b')));
    expect(runNameOf('a', named('?table=a&token=old'))).toBe(runNameOf('a', named('?table=a&token=new')));
    expect(named('?table=a&key=canary')).not.toContain('canary');
  });

  test('shows nothing of what it is made of', () => {
    expect(runNameOf('https://ann:canary@example.com/a?token=canary', SINK)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('isNameable()', () => {
  test.each<[string, SourceInput]>([
    ['a path', 'a.ndjson'],
    ['a URL', new URL('https://example.com/a')],
    ['several of them', ['a.ndjson', 'https://example.com/a']],
    ['a source with a name', { name: 'api', open: () => Promise.reject(new Error('not opened')) }],
  ])('is true of %s', (_, source) => {
    expect(isNameable(source)).toBe(true);
  });

  test.each<[string, SourceInput]>([
    ['a stream', Readable.from([])],
    ['a web stream', new ReadableStream()],
    ['an answer', new Response('{}')],
    ['records', [{ id: 1 }]],
    ['a generator', (function* () {})()],
  ])('is false of %s', (_, source) => {
    expect(isNameable(source)).toBe(false);
  });
});

const twice = (n: number) => n * 2;

const CHANGES: readonly (readonly [string, object])[] = [
  ['another format', { format: 'text' }],
  ['another compression', { compression: 'none' }],
  ['another path', { path: 'items' }],
  ['another filter', { filter: /^items/ }],
  ['comments', { jsonc: true }],
  ['numbers as text', { numbers: 'string' }],
  ['other columns', { header: ['a', 'b'] }],
  ['another delimiter', { delimiter: ';' }],
  ['another quote', { quote: "'" }],
  ['another escape', { escape: '\\' }],
  ['values of other types', { cast: true }],
  ['a function for values', { cast: twice }],
  ['lines that are left out', { comment: '#' }],
  ['spaces that are cut off', { trim: true }],
  ['rows of any length', { relaxColumnCount: true }],
  ['a transform', { transform: twice }],
  ['several of them', { transform: [twice, twice] }],
  ['another transform', { transform: (n: number) => n * 3 }],
  ['a predicate', { validate: (n: number) => n > 1 }],
  ['a predicate in the place of a transform', { validate: twice }],
  ['a schema of zod', { validate: z.object({ a: z.string() }) }],
  ['another schema of zod', { validate: z.object({ a: z.number() }) }],
  ['a schema of valibot', { validate: v.object({ a: v.string() }) }],
  ['another schema of valibot', { validate: v.object({ a: v.number() }) }],
  ['a schema of ArkType', { validate: type({ a: 'string' }) }],
  ['another schema of ArkType', { validate: type({ a: 'number' }) }],
  ['a version', { checkpoint: { version: '1' } }],
  ['another version', { checkpoint: { version: '2' } }],
];

describe('pipelineHashOf()', () => {
  const hash = (options: object) =>
    pipelineHashOf({ source: 'a.ndjson', sink: async () => {}, ...options } as never);

  test.each(CHANGES)('changes with %s', (_, options) => {
    expect(hash(options)).toMatch(/^[0-9a-f]{64}$/);
    expect(hash({ ...options })).toBe(hash(options));
    expect(hash(options)).not.toBe(hash({}));
  });

  test('is another one for each of them', () => {
    expect(new Set(CHANGES.map(([, options]) => hash(options))).size).toBe(CHANGES.length);
  });

  test.each<[string, object]>([
    ['how many records a chunk has', { batchSize: 200, maxBytes: 1_000, maxWaitMs: 5 }],
    ['how many chunks are written at once', { concurrency: 4 }],
    ['how a chunk is retried', { retry: { maxRetries: 9 } }],
    ['where the checkpoint is', { checkpoint: { run: 'a', note: 'b', restart: true } }],
    ['another source, which is compared by itself', { source: 'b.ndjson' }],
  ])('does not change with %s', (_, options) => {
    expect(hash(options)).toBe(hash({}));
  });

  test('is what it was when a schema has been used', async () => {
    const validate = z.object({ a: z.string() });
    const before = hash({ validate });
    validate.parse({ a: 'x' });
    expect(hash({ validate })).toBe(before);
    expect(hash({ validate: z.object({ a: z.string() }) })).toBe(before);
  });

  test('does not mind a schema that leads back to itself', () => {
    const schema: { '~standard': object; self?: unknown } = { '~standard': {} };
    schema.self = schema;
    expect(hash({ validate: schema })).toBe(hash({ validate: { ...schema } }));
  });

  test('does not look at functions for which a version speaks', () => {
    const checkpoint = { version: '1' };
    expect(hash({ checkpoint, transform: twice })).toBe(
      hash({ checkpoint, transform: (n: number) => n * 3 }),
    );
  });
});
