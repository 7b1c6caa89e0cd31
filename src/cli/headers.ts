import { UsageError } from './exit-codes.ts';
import { keepHeaderSecret, soundsSecret } from './secrets.ts';

/** The header flags, as commander gives them. */
export interface HeaderFlags {
  /** Of `--header 'Name: value'`. */
  readonly literal?: readonly string[] | undefined;
  /** Of `--header-env Name=VARIABLE`. */
  readonly fromEnvironment?: readonly string[] | undefined;
}

export type HeaderValues = Readonly<Record<string, string>>;

/**
 * The headers of some flags; `undefined` for none.
 * @param flag how the flags are called: `--header`
 * @throws UsageError when one cannot be read, or a variable is not set; a value is never shown
 */
export function headersOf(
  flag: string,
  { literal = [], fromEnvironment = [] }: HeaderFlags,
  env: NodeJS.ProcessEnv,
  warn: (text: string) => void,
): HeaderValues | undefined {
  if (literal.length === 0 && fromEnvironment.length === 0) return undefined;
  const pairs = [
    ...literal.map((text) => literalPair(flag, text, warn)),
    ...fromEnvironment.map((text) => environmentPair(flag, text, env)),
  ];
  for (const [name, value] of pairs) keepHeaderSecret(name, value);
  return Object.fromEntries(pairs);
}

type Pair = readonly [name: string, value: string];

function literalPair(flag: string, text: string, warn: (text: string) => void): Pair {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9a-z-]+):\s*(\S.*)$/is.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError(`${flag} must be one argument in quotes, 'Name: value'`);
  if (soundsSecret(name))
    warn(`${flag} ${name} shows in the list of processes; ${flag}-env ${name}=VARIABLE does not`);
  return [name, value];
}

function environmentPair(flag: string, text: string, env: NodeJS.ProcessEnv): Pair {
  const [, name, variable] = /^([^=\s:]+)=([a-z_]\w*)$/i.exec(text) ?? [];
  if (name === undefined || variable === undefined)
    throw new UsageError(`${flag}-env must be Name=VARIABLE, the name of a variable and not its value`);
  const value = env[variable];
  if (value === undefined) throw new UsageError(`${flag}-env ${name}: the variable ${variable} is not set`);
  return [name, value];
}
