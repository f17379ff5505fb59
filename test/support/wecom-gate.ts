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
  /** The oldest first. */
  readonly #held: (() => void)[] = [];
  readonly #server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const body = method === 'POST' ? await buffer(request) : null;
    const api = new URL(url, 'http://wecom').pathname.replace('/cgi-bin/', '');
    this.came.push(api);
    const pass = () => void this.#pass(url, { method, body }, response);
    if (this.holds(api)) this.#held.push(pass);
    else pass();
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
    return this.#held.length;
  }

  /** Lets the oldest of those go that wait. */
  letGo(count = this.#held.length): void {
    for (const pass of this.#held.splice(0, count)) pass();
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
