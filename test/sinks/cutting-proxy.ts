import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../failures/servers.ts';

/** When a connection is cut: before the server gets a statement, or after it has dealt with it but before it is known. */
export type Cut = 'before' | 'after';

/** Stands between a sink and its server, and cuts connections at a statement, such as COMMIT, when it is told to. */
export class CuttingProxy {
  /** Address of the proxy, instead of the server's. */
  readonly url: string;
  /** At which statements. */
  at = /COMMIT(?!TED)/;
  /**
   * What becomes of the next one, of those after it, and so on; of all others nothing. The connection of one that
   * is delayed is cut at once, but it goes on when it is let.
   */
  readonly cuts: (Cut | 'refuse' | 'delay')[] = [];
  /** Whether no transaction can begin: what is sent for that has a mistake. */
  isSpoiling = false;
  /** Connections cut so far. */
  count = 0;
  #isRefusing = false;

  /** @param url of the server */
  static async before(url: string, usualPort: number): Promise<CuttingProxy> {
    const { hostname, port } = new URL(url);
    const proxy: { it?: CuttingProxy } = {};
    const at = await listen(
      createServer((near) => proxy.it?.take(near, { host: hostname, port: Number(port || usualPort) })),
    );
    const moved = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(at) });
    proxy.it = new CuttingProxy(moved.href);
    return proxy.it;
  }

  private constructor(url: string) {
    this.url = url;
  }

  readonly #held = Promise.withResolvers<() => void>();

  /** Resolves when a COMMIT is held back, with what lets it go on. */
  get held(): Promise<() => void> {
    return this.#held.promise;
  }

  /** Lets connections come again. */
  heal(): void {
    this.#isRefusing = false;
  }

  take(near: Socket, server: { readonly host: string; readonly port: number }): void {
    if (this.#isRefusing) {
      near.destroy();
      return;
    }
    const far = connect(server).on('error', () => near.destroy());
    const cutFar = () => far.destroy();
    let isCutAtAnswer = false;
    near.on('data', (data) => {
      const begin = this.isSpoiling ? data.toString('latin1').search(/BEGIN|START TRANSACTION/) : -1;
      if (begin !== -1) data.write('x', begin, 'latin1');
      const cut = this.at.test(data.toString('latin1')) ? this.cuts.shift() : undefined;
      if (cut === undefined) {
        far.write(data);
        return;
      }
      if (cut === 'delay') {
        this.#held.resolve(() => far.end(data));
        near.off('close', cutFar).destroy();
        return;
      }
      this.count++;
      this.#isRefusing = cut === 'refuse';
      isCutAtAnswer = true;
      if (cut === 'before') near.destroy();
      else far.write(data);
    });
    far.on('data', (data) => (isCutAtAnswer ? near.destroy() : near.write(data)));
    near.on('close', cutFar);
    far.on('close', () => near.destroy());
  }
}
