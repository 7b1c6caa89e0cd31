import { expectKind } from '../core/options.ts';

/**
 * The keys of a dotted path; none for `''`, which is the root.
 * @throws TypeError when it is no path
 */
export function keysOf(path: string | readonly string[]): readonly string[] {
  const isPath =
    typeof path === 'string' || (Array.isArray(path) && path.every((key) => typeof key === 'string'));
  expectKind('path', path, isPath, 'a dotted path or a list of keys');
  if (typeof path !== 'string') return path;
  return path === '' ? [] : path.split('.');
}
