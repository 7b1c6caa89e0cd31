import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../src/core/errors.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PACKAGE = JSON.parse(read('package.json')) as {
  exports: Record<string, { default?: string }>;
  dependencies: Record<string, string>;
};

describe('the public entries', () => {
  const entries = Object.values(PACKAGE.exports).flatMap(({ default: path }) =>
    path === undefined ? [] : sourcesOf(path),
  );

  test.each(entries)('%s documents every symbol that it exports', (entry) => {
    const undocumented = exportedFrom(entry).filter(({ file, name }) => !isDocumented(read(file), name));
    expect(undocumented).toEqual([]);
  });

  test('would show a symbol without documentation', () => {
    expect(isDocumented('export function bare(): void {}', 'bare')).toBe(false);
    expect(isDocumented("export { bare };\nimport { bare } from 'elsewhere';", 'bare')).toBe(false);
    expect(isDocumented('/** Does it. */\nexport function told(): void {}', 'told')).toBe(true);
  });
});

describe('the error codes', () => {
  test('are those of docs/errors.md', () => {
    const documented = [...read('docs/errors.md').matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map(
      (match) => match[1],
    );
    expect(documented.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
  });
});

describe('the dependencies', () => {
  test('are ten at most and run no scripts when they are installed', () => {
    const names = Object.keys(PACKAGE.dependencies);
    expect(names.length).toBeLessThanOrEqual(10);
    for (const name of names) {
      const { scripts = {}, dependencies = {} } = JSON.parse(read(`node_modules/${name}/package.json`)) as {
        scripts?: Record<string, string>;
        dependencies?: Record<string, string>;
      };
      expect(
        Object.keys(scripts).filter((script) => /^(?:pre|post)?install$/.test(script)),
        name,
      ).toEqual([]);
      expect(
        Object.keys(dependencies).every((each) => names.includes(each)),
        name,
      ).toBe(true);
    }
  });
});

/** The source files behind an entry of `exports`. */
function sourcesOf(path: string): string[] {
  const source = path.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
  if (!source.includes('*')) return [source];
  const [start, end] = source.split('*') as [string, string];
  return readdirSync(join(ROOT, dirname(start.endsWith('/') ? `${start}x` : start)))
    .map((file) => join(dirname(`${start}x`), file))
    .filter((file) => file.startsWith(start) && file.endsWith(end));
}

/** The symbols of a file, with the file that declares each. */
function exportedFrom(file: string): { file: string; name: string }[] {
  const text = read(file);
  const declared = [
    ...text.matchAll(
      /^export (?:declare )?(?:abstract )?(?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm,
    ),
  ];
  const forwarded = [...text.matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)].flatMap(
    ([, names, from]) =>
      names!
        .split(',')
        .map(
          (name) =>
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0]!,
        )
        .filter((name) => name !== '')
        .map((name) => ({ file: join(dirname(file), from!), name })),
  );
  return [...declared.map((match) => ({ file, name: match[1]! })), ...forwarded];
}

/** A name that a file only passes on is documented where it comes from. */
function isDocumented(text: string, name: string): boolean {
  const declaration = new RegExp(
    `(\\*/\\n)?^export (?:declare )?(?:abstract )?(?:async )?(?:const|function\\*?|class|interface|type) ${name}\\b`,
    'm',
  );
  const found = declaration.exec(text);
  return found === null ? isPassedOn(text, name) : found[1] !== undefined;
}

/** One that comes from another package is documented where it is passed on. */
function isPassedOn(text: string, name: string): boolean {
  const lists = [...text.matchAll(/(\*\/\n)?^export (?:type )?\{([^}]*)\}( from '\.)?/gm)];
  const list = lists.find(([, , names]) => names!.split(/[\s,]+/).includes(name));
  return list !== undefined && (list[1] !== undefined || list[3] !== undefined);
}
