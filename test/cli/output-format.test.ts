import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('in.ndjson', '{"id":1,"text":"=1+1"}\n{"id":2,"text":"a,b"}\n');

const WRITTEN: readonly (readonly [flags: string, text: string])[] = [
  ['', '{"id":1,"text":"=1+1"}\n{"id":2,"text":"a,b"}\n'],
  ['--to ndjson', '{"id":1,"text":"=1+1"}\n{"id":2,"text":"a,b"}\n'],
  ['--to json', '[\n{"id":1,"text":"=1+1"},{"id":2,"text":"a,b"}]\n'],
  ['--to csv', 'id,text\n1,=1+1\n2,"a,b"\n'],
  ['--to tsv', 'id\ttext\n1\t=1+1\n2\ta,b\n'],
  ['--to csv --escape-formulas', 'id,text\n1,\'=1+1\n2,"a,b"\n'],
  ['--to csv --columns text', 'text\n=1+1\n"a,b"\n'],
];

describe('--columns', () => {
  work.file('nested.ndjson', '{"id":1,"customer":{"city":"Bern"},"a.b":5}\n{"id":2,"customer":{}}\n');
  work.file('flat.csv', 'id,total\n1,2\n');
  work.file('spaced.csv', 'id, total,\n1,2,3\n');

  test('takes what is inside of objects under a name', async () => {
    const flags = ['--to', 'csv', '--columns', 'city=customer.city,a.b,id'];
    const { code, stdout, stderr } = await work.command(['run', 'nested.ndjson', '-', ...flags]);
    expect(stdout).toBe('city,a.b,id\nBern,5,1\n,,2\n');
    expect(stderr).not.toContain('--columns');
    expect(code).toBe(0);
  });

  test.each([
    [
      'nested.ndjson',
      'id,total',
      'no record of the first chunk has "total"; they have "id", "customer", "a.b"\n',
    ],
    ['flat.csv', 'id, total', 'no record of the first chunk has " total"; they have "id", "total"\n'],
    ['spaced.csv', 'total', 'no record of the first chunk has "total"; they have "id", " total", ""\n'],
    ['nested.ndjson', 'city=customer.town', 'has "customer.town" for "city"; they have "id"'],
    [
      'nested.ndjson',
      'customer.city,Id',
      'has "customer.city", "Id"; they have "id", "customer", "a.b"; NAME=PATH takes what is inside of one, such as city=customer.city\n',
    ],
  ])('of %s tells that there is no %j', async (source, columns, message) => {
    const { code, stderr } = await work.command(['run', source, 'out.csv', '--columns', columns]);
    expect(stderr).toContain(message);
    expect(code).toBe(0);
  });

  test('tells it of a table, too, and once', async () => {
    const flags = ['--columns', 'id,amount', '--batch-size', '100'];
    work.file('many.ndjson', '{"id":1}\n'.repeat(250));
    const { code, stderr } = await work.command(['run', 'many.ndjson', 'sqlite:out.db?table=t', ...flags]);
    expect(stderr.match(/no record of the first chunk has "amount"; they have "id"/g)).toHaveLength(1);
    expect(code).toBe(0);
  });
});

describe('--to', () => {
  test.each(WRITTEN)('with %j says the format of stdout', async (flags, text) => {
    const { code, stdout } = await work.command([
      'run',
      'in.ndjson',
      '-',
      ...flags.split(' ').filter(Boolean),
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe(text);
  });

  test.each(WRITTEN.slice(1))('with %j overrides the name of a file', async (flags, text) => {
    const { code } = await work.command(['run', 'in.ndjson', 'out.txt', ...flags.split(' ')]);
    expect(code).toBe(0);
    expect(readFileSync(work.path('out.txt'), 'utf8')).toBe(text);
  });

  test('leaves the compression to the name', async () => {
    expect((await work.command(['run', 'in.ndjson', 'out.gz', '--to', 'csv'])).code).toBe(0);
    expect(gunzipSync(readFileSync(work.path('out.gz'))).toString()).toBe('id,text\n1,=1+1\n2,"a,b"\n');
  });

  test.each([
    [
      ['out.data'],
      'The sink must end in .ndjson, .jsonl, .json, .csv, .tsv, .txt, or --to must name the format, got "out.data"',
    ],
    [
      ['out.data', '--to', 'xml'],
      "argument 'xml' is invalid. Allowed choices are ndjson, json, csv, tsv, text.",
    ],
    [['-', '--columns', 'id'], '--columns is an option of csv and tsv, the format is ndjson'],
    [
      ['-', '--to', 'json', '--escape-formulas'],
      '--escape-formulas is an option of csv and tsv, the format is json',
    ],
    [['sqlite:out.data', '--to', 'csv'], '--to is for the sink a file or -'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await work.command(['run', 'in.ndjson', ...args]);
    expect(stderr).toContain(message);
    expect(stderr).toContain('See chain-reaction run --help');
    expect(code).toBe(2);
    expect(existsSync(work.path('out.data'))).toBe(false);
  });
});
