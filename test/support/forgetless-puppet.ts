/** A puppet that drops what it has had, by `webhook-id`, as docs/reference/delivery.md lets puppets do. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { decrypt } from '@wecom/crypto';
import { type PuppetServer, type Received, startPuppetServer } from './puppet-server.js';
import type { WecomApp } from './wecom.js';

export class ForgetlessPuppet {
  /** Whether it refuses what it has not had. */
  isBusy = false;
  /** Whether it refuses everything. */
  isDown = false;
  /** How many it has answered 200 and dropped. */
  dropped = 0;
  readonly #server: PuppetServer;
  readonly #had = new Map<unknown, Received>();
  readonly #waiting = new Set<() => void>();

  static async start(): Promise<ForgetlessPuppet> {
    return new ForgetlessPuppet(await startPuppetServer());
  }

  private constructor(server: PuppetServer) {
    this.#server = server;
    server.behave((request, response) => this.#answer(request, response));
  }

  get url(): string {
    return this.#server.url;
  }

  /** Resolves when it has had as many different events. */
  async untilNews(count: number): Promise<void> {
    while (this.#had.size < count) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** The sync tokens of what it has had and not dropped. */
  tokens({ encodingAESKey }: WecomApp): string[] {
    return [...this.#had.values()].map(({ path, body }) => {
      if (path === '/callback/decrypted') return JSON.parse(body).token;
      const { message } = decrypt(encodingAESKey, textOf(body, 'Encrypt'));
      return textOf(message, 'Token');
    });
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #answer({ headers }: IncomingMessage, response: ServerResponse): void {
    const id = headers['webhook-id'];
    const isRepeat = this.#had.has(id);
    if (this.isDown || (this.isBusy && !isRepeat)) {
      response.writeHead(503).end();
      return;
    }
    const received = this.#server.received.find((one) => one.headers['webhook-id'] === id);
    if (isRepeat) this.dropped++;
    else if (received !== undefined) this.#had.set(id, received);
    response.end('success');
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function textOf(xml: string, name: string): string {
  return new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]></${name}>`).exec(xml)?.[1] ?? '';
}
