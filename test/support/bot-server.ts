/** A program that takes WeCom's callbacks itself and knows nothing of a manager: it opens them with WeCom's own library. */
import { decrypt, getSignature } from '@wecom/crypto';
import { type Behaviour, type PuppetServer, type Received, startPuppetServer } from './puppet-server.js';

/** What is entered in such a program. */
export interface BotKeys {
  readonly token: string;
  readonly encodingAESKey: string;
}

export interface OpenedEvent {
  readonly event: string;
  readonly syncToken: string;
  readonly openKfId: string;
  readonly receiveId: string;
}

export class BotServer {
  keys: BotKeys = { token: '', encodingAESKey: '' };
  #behaviour: Behaviour = (_request, response) => response.end('success');

  private constructor(private readonly server: PuppetServer) {}

  static async start(): Promise<BotServer> {
    const bots: BotServer[] = [];
    const server = await startPuppetServer((request, response) => bots[0]?.answer(request, response));
    const bot = new BotServer(server);
    bots.push(bot);
    return bot;
  }

  /** Without a slash at its end. */
  get url(): string {
    return this.server.url;
  }

  /** What is done with events; verifications are answered all the same. */
  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  /** Events alone, as they came. */
  get received(): readonly Received[] {
    return this.server.received.filter(({ query }) => query.echostr === undefined);
  }

  get opened(): readonly OpenedEvent[] {
    return this.received.map((received) => this.open(received));
  }

  /** Resolves with the next request. */
  next(): Promise<Received> {
    return this.server.next();
  }

  /** @throws Error when the signature is not one of the keys. */
  open({ body, query }: Received): OpenedEvent {
    const encrypted = elementOf(body, 'Encrypt');
    const { timestamp = '', nonce = '', msg_signature: signature } = query;
    if (getSignature(this.keys.token, timestamp, nonce, encrypted) !== signature)
      throw new Error('the signature does not match');
    const { message, id } = decrypt(this.keys.encodingAESKey, encrypted);
    return {
      event: elementOf(message, 'Event'),
      syncToken: elementOf(message, 'Token'),
      openKfId: elementOf(message, 'OpenKfId'),
      receiveId: id,
    };
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private answer(...[request, response]: Parameters<Behaviour>): void {
    const { searchParams } = new URL(request.url ?? '/', 'http://bot');
    const echostr = searchParams.get('echostr');
    if (echostr === null) return this.#behaviour(request, response);
    try {
      response.end(decrypt(this.keys.encodingAESKey, echostr).message);
    } catch {
      response.writeHead(403).end();
    }
  }
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]></${name}>`, 's').exec(xml)?.[1] ?? '';
}
