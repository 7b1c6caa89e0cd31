import { expect, test } from 'vitest';
import { optionalPackage } from '../../src/sinks/optional-package.ts';

/** What Node says of a package that is not there, or of one that cannot be found by it. */
const missing = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from x.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });

test('optionalPackage() says what to install', async () => {
  const load = () => Promise.reject(missing('pg'));
  await expect(optionalPackage('pg', 'postgresSink', load)).rejects.toMatchObject({
    code: 'MISSING_PACKAGE',
    message: 'postgresSink needs the package pg: npm install pg',
  });
});

test('optionalPackage() passes on what else is wrong', async () => {
  const load = () => Promise.reject(missing('what-pg-needs'));
  await expect(optionalPackage('pg', 'postgresSink', load)).rejects.toThrow(
    "Cannot find package 'what-pg-needs'",
  );
});
