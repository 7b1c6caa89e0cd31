import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { checkSources, describeSources } from '../../src/cli/places.ts';

const PIPE = {};
const TERMINAL = { isTTY: true };

describe('checkSources', () => {
  test.each([
    [['a.csv', 'logs/*.ndjson', 'https://h/x', 'file:///a.json'], PIPE],
    [['-'], PIPE],
    [['a.csv'], TERMINAL],
    [['C:\\a.csv', 'a:b.csv'], PIPE],
  ])('lets %j be', (places, stdin) => {
    expect(() => checkSources(places, stdin)).not.toThrow();
  });

  test.each([
    [['-'], TERMINAL, 'which is a terminal: pipe something into it'],
    [['-', 'a.csv', '-'], PIPE, '- must not be given twice'],
    [['postgres://ada:canary@h/db'], PIPE, 'There is no source postgres:'],
    [['http://ada:canary@h:99999/'], PIPE, 'url must be an http: or https: URL'],
  ])('refuses %j', (places, stdin, message) => {
    expect(() => checkSources(places, stdin)).toThrow(message);
    expect(() => checkSources(places, stdin)).not.toThrow(/canary/);
  });

  test('takes a terminal for wrong usage', () => {
    expect(() => checkSources(['-'], TERMINAL)).toThrow(UsageError);
  });
});

describe('describeSources', () => {
  test.each([
    [['-'], 'stdin'],
    [['missing.csv'], 'missing.csv'],
    [['https://ada:canary@h/x?token=canary'], 'https://h/x?token=***'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more'],
  ])('calls %j %s', (places, name) => {
    expect(describeSources(places)).toBe(name);
  });

  test('tells the size of a file', () => {
    expect(describeSources([import.meta.filename])).toMatch(/places\.test\.ts \(\d\.\d kB\)$/);
  });
});
