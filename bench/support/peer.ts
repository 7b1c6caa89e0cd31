import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const require = createRequire(import.meta.url);

/** Why a peer cannot be run here, for `Route.missing`; nothing when it can. */
export function unlessInstalled(name: string): { readonly missing?: string } {
  try {
    require.resolve(name);
    return {};
  } catch {
    return { missing: `${name} is not installed: npm install --prefix bench` };
  }
}

/** As `unlessInstalled`, for a program. */
export function unlessOnPath(program: string): { readonly missing?: string } {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      require('node:fs').accessSync(`${folder}/${program}`, 1);
      return true;
    } catch {
      return false;
    }
  });
  return found ? {} : { missing: `${program} is not on the PATH` };
}

/** As `unlessInstalled`, for a server that may be left out. */
export async function unlessListening(url: string): Promise<{ readonly missing?: string }> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), timeout: 1_000 });
  try {
    await once(socket, 'connect');
    return {};
  } catch {
    return { missing: `no server listens on ${host}` };
  } finally {
    socket.destroy();
  }
}

/** Runs a program; its output is counted in lines. */
export async function linesOf(program: string, args: readonly string[]): Promise<number> {
  let lines = 0;
  for await (const bytes of outputOf(program, args))
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

/** What a program prints. */
export function outputOf(program: string, args: readonly string[]): AsyncIterable<Buffer> {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
}
