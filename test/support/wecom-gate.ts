import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Stands before the API of a local WeCom, and keeps calls back. */
export class WecomGate {
  /** The APIs of all calls that came, in that order. */
  readonly came: string[] = [];
  /** Which calls wait until they are let go. */
  holds: (api: string) => boolean = () => false;
  /** How many calls it held at a time, at most. */
  heldMax = 0;
  /** The oldest first. */
  readonly #held = new Set<() => void>();
  readonly #server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const body = method === 'POST' ? await buffer(request) : null;
    const api = new URL(url, 'http://wecom').pathname.replace('/cgi-bin/', '');
    this.came.push(api);
    const pass = () => void this.#pass(url, { method, body }, response);
    if (!this.holds(api)) return pass();
    this.#held.add(pass);
    this.heldMax = Math.max(this.heldMax, this.#held.size);
    // Whoever called waits no longer.
    response.once('close', () => this.#held.delete(pass));
  });

  private constructor(private readonly wecomUrl: string) {}

  static async open(wecomUrl: string): Promise<WecomGate> {
    const gate = new WecomGate(wecomUrl);
    await once(gate.#server.listen(0, '127.0.0.1'), 'listening');
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get held(): number {
    return this.#held.size;
  }

  /** Lets the oldest of those go that wait. */
  letGo(count = this.#held.size): void {
    for (const pass of [...this.#held].slice(0, count)) {
      this.#held.delete(pass);
      pass();
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #pass(
    url: string,
    call: { readonly method: string; readonly body: Buffer | null },
    response: ServerResponse,
  ): Promise<void> {
    const answer = await fetch(this.wecomUrl + url, call);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }
}
