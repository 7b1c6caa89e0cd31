import { stripVTControlCharacters, styleText } from 'node:util';

export type ColorChoice = 'auto' | 'always' | 'never';

export type Style = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

/** Text for a stream in its colours: `NO_COLOR`, `FORCE_COLOR`, `TERM` and whether it is a terminal decide, or the flag. */
export function painter(
  stream: NodeJS.WriteStream,
  choice: ColorChoice,
): (style: Style, text: string) => string {
  if (choice === 'never') return (_style, text) => text;
  return (style, text) => styleText(style, text, { stream, validateStream: choice === 'auto' });
}

/** Controls, line and paragraph separators, and what turns the direction of writing. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Text of the outside world as one line that cannot steer the terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text.replaceAll(/\s*[\r\n]+\s*/g, ' ')).replaceAll(STEERING, '�');
}

/** Whether a person sits in front of the stream. */
export function isInteractive(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb' && !isSet(env.CI);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}
