import type { Source } from '../core/source.ts';
import { iterableSource } from './iterable-source.ts';

/** Standard input. It can be read once. */
export function stdinSource(): Source {
  return iterableSource(process.stdin, { name: 'stdin', kind: 'bytes' });
}
