/** The one callback URL that WeCom knows, with the managers behind it. */
import type { Simulator } from '../../packages/simulator/simulator.js';
import { stablePort } from './ports.js';
import type { Run } from './run.js';
import { TcpProxy } from './tcp-proxy.js';

const SAVE_TRIES = 10;

export class Entry {
  private constructor(
    private readonly proxy: TcpProxy,
    private readonly nextUrl: () => string,
  ) {}

  /** @param nextUrl of a manager, each time the next one's. */
  static async open(run: Run, nextUrl: () => string): Promise<Entry> {
    return new Entry(await TcpProxy.open(await stablePort(), run), nextUrl);
  }

  /** The callbacks that follow go to the next manager. */
  readonly turn = (): void => {
    this.proxy.upstreamPort = Number(new URL(this.nextUrl()).port);
  };

  /** Saves the callback URL at WeCom. A manager has to know the app; on a busy machine it may be late. */
  async save(wecom: Simulator): Promise<void> {
    const url = `http://127.0.0.1:${this.proxy.port}/callback/${wecom.corpId}`;
    for (let tries = 1; ; tries++) {
      this.turn();
      const saved = await wecom.saveCallback({ ...wecom.callback, url });
      if (saved.isVerified) return;
      if (tries === SAVE_TRIES) throw new Error(saved.detail);
    }
  }
}
