import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Workplace } from './spawn-command.ts';

const BIN = resolve(import.meta.dirname, '../../bin/chain-reaction.js');
const work = new Workplace();
afterAll(() => work.remove());

function node(...args: readonly string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

describe('bin/chain-reaction.js', () => {
  test('turns an older Node away in one line', () => {
    const older = `Object.defineProperty(process.versions, 'node', { value: '22.17.1' }); import(${JSON.stringify(BIN)});`;
    const { status, stderr } = node('--input-type=module', '-e', older);
    expect(status).toBe(2);
    expect(stderr).toBe('chain-reaction needs Node 22.18 or newer; this is Node 22.17.1\n');
  });

  test('says in one line that the checkout is not built yet', () => {
    const { status, stdout, stderr } = node(checkout('new'), '--help');
    expect(stderr).toBe('This checkout of chain-reaction is not built yet: npm run build builds it\n');
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });

  test.each([
    ['without-run', "import './run.js';", /ERR_MODULE_NOT_FOUND.*run\.js/s],
    ['throwing', "throw new Error('no room');", /Error: no room\n\s+at .*main\.js/],
    ['unreadable', 'const;', /main\.js:1\n.*SyntaxError/s],
  ])('leaves any other error of loading to Node: %s', (name, script, message) => {
    const bin = checkout(name);
    const main = work.path(`${name}/dist/cli/main.js`);
    mkdirSync(dirname(main), { recursive: true });
    writeFileSync(main, script);
    const { status, stderr } = node(bin, '--help');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('not built');
    expect(status).toBe(1);
  });
});

/** What is there before the build. @returns the command */
function checkout(name: string): string {
  const bin = work.path(`${name}/bin/chain-reaction.js`);
  mkdirSync(dirname(bin), { recursive: true });
  copyFileSync(BIN, bin);
  work.file(`${name}/package.json`, '{"type":"module"}');
  return bin;
}
