import type { Source } from '../core/source.ts';
import { expandPaths } from './expand-paths.ts';
import { fileSource } from './file-source.ts';
import { httpSource } from './http-source.ts';
import { type IterableInput, isIterableInput, iterableSource } from './iterable-source.ts';
import { stdinSource } from './stdin-source.ts';

/** A path or glob, a URL, `-` for stdin, or a source. */
export type SourceLike = string | URL | Source;

/** Anything that yields bytes or records, or a list of places that do. */
export type SourceInput = SourceLike | readonly SourceLike[] | IterableInput;

/**
 * The sources of a run, in order.
 * @throws TypeError when there is something else among them; PipelineError when a glob matches nothing
 */
export async function toSources(input: SourceInput): Promise<readonly Source[]> {
  if (isSourceLike(input)) return toSourcesOf(input);
  if (Array.isArray(input) && input.length > 0 && input.every(isSourceLike)) {
    return namedApart((await Promise.all((input as readonly SourceLike[]).map(toSourcesOf))).flat());
  }
  if (isIterableInput(input)) return [iterableSource(input)];
  throw new TypeError(
    `source must be a path or glob, a URL, "-", a stream, a Response, an (async) iterable or a source, got ${typeof input}`,
  );
}

/** By its name a record is found and a chunk is known: a name that comes again gets a number. */
function namedApart(sources: readonly Source[]): readonly Source[] {
  const times = new Map<string, number>();
  return sources.map((source) => {
    const time = (times.get(source.name) ?? 0) + 1;
    times.set(source.name, time);
    return time === 1
      ? source
      : { ...source, name: `${source.name} (${time})`, open: (context) => source.open(context) };
  });
}

function isSourceLike(input: unknown): input is SourceLike {
  if (typeof input === 'string' || input instanceof URL) return true;
  return typeof (input as Partial<Source> | null)?.open === 'function';
}

async function toSourcesOf(input: SourceLike): Promise<readonly Source[]> {
  if (typeof input === 'object' && !(input instanceof URL)) return [input];
  if (input === '-') return [stdinSource()];
  if (/^https?:/i.test(String(input))) return [httpSource(input)];
  if (input instanceof URL || /^file:/i.test(input)) return [fileSource(new URL(input))];
  const [scheme] = /^[a-z][a-z\d+.-]*:(?=\/\/)/i.exec(input) ?? [];
  if (scheme !== undefined)
    throw new TypeError(
      `source must be a path, or a URL with http:, https: or file:, got one with ${scheme}`,
    );
  return (await expandPaths(input)).map((path) => fileSource(path));
}
