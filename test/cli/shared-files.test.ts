import { describe, expect, test } from 'vitest';
import { refuseSharedFiles } from '../../src/cli/shared-files.ts';
import { parseSink } from '../../src/cli/sink-argument.ts';

const OFF = { kind: 'off' } as const;

/** As a command names them. */
function places(
  sink: string,
  flags: { readonly deadLetters?: string; readonly summary?: string },
  file?: string,
) {
  const checkpoint = file === undefined ? OFF : ({ kind: 'file', file } as const);
  return { sources: ['in.csv', '-', 'https://h/in.csv'], sink: parseSink(sink, 'in.csv'), checkpoint, flags };
}

describe('refuseSharedFiles', () => {
  test.each([
    [
      places('out.csv', { deadLetters: './out.csv' }),
      '--dead-letters must be another file than that of the sink',
    ],
    [
      places('out.csv', { deadLetters: 'in.csv' }),
      '--dead-letters must be another file than that of the source',
    ],
    [
      places('out.csv', { deadLetters: 'c' }, 'c'),
      '--dead-letters must be another file than that of the --checkpoint',
    ],
    [
      places('sqlite:o.db?table=t', { deadLetters: 'o.db' }),
      '--dead-letters must be another file than that of the sink',
    ],
    [places('out.csv', {}, 'out.csv'), '--checkpoint must be another file than that of the sink'],
    [places('out.csv', {}, 'in.csv'), '--checkpoint must be another file than that of the source'],
    [
      places('out.csv', { summary: 'out.csv' }),
      '--summary must be another file than that of the sink, both are out.csv',
    ],
    [places('out.csv', { summary: 'in.csv' }), '--summary must be another file than that of the source'],
    [
      places('out.csv', { summary: 'x', deadLetters: 'x' }),
      '--summary must be another file than that of the --dead-letters',
    ],
  ])('refuses %j', (given, message) => {
    expect(() => refuseSharedFiles(given)).toThrow(message);
    expect(() => refuseSharedFiles(given)).toThrow(TypeError);
  });

  test.each([
    places('in.csv', { deadLetters: 'd', summary: 's' }, 'c'),
    places('-', { deadLetters: '-' }),
    places('https://h/', { deadLetters: 'd' }),
    places('postgres://h/d', { deadLetters: 'd' }),
  ])('allows %j', (given) => {
    expect(() => refuseSharedFiles(given)).not.toThrow();
  });
});
