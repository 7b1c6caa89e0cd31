import { PipelineError } from '../core/errors.ts';

/**
 * Loads a package that only some need.
 * @param load imports it
 * @throws PipelineError MISSING_PACKAGE, with the command that installs it
 */
export async function optionalPackage<T>(name: string, neededBy: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    const message = `${neededBy} needs the package ${name}: npm install ${name}`;
    throw new PipelineError({ code: 'MISSING_PACKAGE', message, cause });
  }
}

/** Not one that the package itself lacks. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}
