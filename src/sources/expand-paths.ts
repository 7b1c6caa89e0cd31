import { glob, stat } from 'node:fs/promises';
import { PipelineError } from '../core/errors.ts';

/**
 * The files that a path or a glob names, sorted. A path that exists is taken literally, whatever its characters.
 * @throws PipelineError when a glob matches nothing
 */
export async function expandPaths(pattern: string): Promise<readonly string[]> {
  if (!/[*?[{]/.test(pattern) || (await exists(pattern))) return [pattern];
  const found: string[] = [];
  for await (const path of glob(pattern)) if ((await stat(path)).isFile()) found.push(path);
  if (found.length > 0) return found.sort();
  throw new PipelineError({ code: 'SOURCE_FAILED', message: 'No file matches the pattern', source: pattern });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
