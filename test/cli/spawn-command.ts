import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** The command, as it runs without being built. */
export const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own for one test file. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'command-'));

  path(name: string): string {
    return join(this.folder, name);
  }

  file(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, ['--no-warnings', MAIN, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
  }

  async command(args: readonly string[], { stdin = '', env = {} } = {}): Promise<Outcome> {
    const child = this.start(args, env);
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
    return outcomeOf(child);
  }

  /** What a shell script does in which `$COMMAND` is the command. */
  async shell(script: string): Promise<Outcome> {
    const child = spawn('bash', ['-c', script], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1', COMMAND: `${process.execPath} --no-warnings ${MAIN}` },
    });
    child.stdin.end();
    return outcomeOf(child);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

/** `count` lines of NDJSON. */
export function lines(count: number): string {
  return Array.from({ length: count }, (_, id) => `{"id":${id}}`).join('\n');
}

/** A server for one test. @returns its address */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
