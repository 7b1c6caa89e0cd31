import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../core/errors.ts';
import type { TransformFunction } from '../streams/transform.ts';
import { UsageError } from './exit-codes.ts';

/** What `--transform FILE` exports. Node itself takes the types out of a `.ts` file. @throws UsageError when it has no function */
export async function loadTransform(file: string): Promise<readonly TransformFunction<never, unknown>[]> {
  const functions: readonly unknown[] = [await defaultExportOf(file)].flat();
  if (functions.length > 0 && functions.every((fn) => typeof fn === 'function'))
    return functions as readonly TransformFunction<never, unknown>[];
  throw new UsageError(`--transform ${file} must export a function, or a list of functions, as its default`);
}

async function defaultExportOf(file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown };
    return module.default;
  } catch (cause) {
    throw new UsageError(`--transform ${file} could not be loaded: ${messageOf(cause)}`, { cause });
  }
}
