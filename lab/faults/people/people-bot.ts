/**
 * A program that shares its customers with people and knows nothing of it: it takes WeCom's callbacks, pulls one message,
 * answers it, and then answers the callback. It can be killed at any moment, and comes back.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { decrypt, getSignature } from '@wecom/crypto';
import type { Simulator } from '../../../packages/simulator/simulator.js';
import type { SessionSettings } from '../../../src/registry/bots/session.dto.js';
import { postJson } from '../../../test/support/puppet-server.js';
import { whenServed } from '../../../test/support/until.js';
import { NOT_WITH_BOT } from './conversations.js';
import type { AnswerTo } from './customer-round.js';

const MSGID_USED = 40_058;
const ANSWER_WITHIN_MS = 10_000;

export const answerTo: AnswerTo = (text) => `Re: ${text}`;

/** What the manager made for it, and what it knows of WeCom. */
interface BotAccess {
  readonly key: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly corpId: string;
  readonly corpSecret: string;
}

interface Given {
  readonly customer: string;
  readonly text: string;
}

interface WecomAnswer {
  readonly errcode: number;
  readonly access_token: string;
  readonly msg_list: readonly {
    readonly msgid: string;
    readonly external_userid?: string;
    readonly text?: { readonly content: string };
  }[];
}

export class PeopleBot {
  /** Texts of customers, as often as they came. */
  readonly given: Given[] = [];
  readonly complaints: string[] = [];
  #access: BotAccess = { key: '', token: '', encodingAESKey: '', corpId: '', corpSecret: '' };
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();
  #life = new AbortController();

  /** @param nextUrl of a manager, each time the next one's. */
  constructor(
    readonly port: number,
    private readonly nextUrl: () => string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Makes it known to the manager, with all accounts. */
  async add(wecom: Simulator, session: SessionSettings): Promise<void> {
    const { corpId, corpSecret, accounts, callback } = wecom;
    const url = `${this.nextUrl()}/api/v1`;
    await post(`${url}/apps`, { corpId, token: callback.token, encodingAESKey: callback.encodingAESKey });
    const made = await post<Pick<BotAccess, 'key' | 'token' | 'encodingAESKey'>>(`${url}/bots`, {
      ...{ name: 'shared', corpId, corpSecret, openKfIds: accounts.map(({ openKfId }) => openKfId) },
      ...{ kind: 'callback', takes: 'message', order: 'customer', session, callback: { url: this.url } },
    });
    this.#access = { ...made, corpId, corpSecret };
  }

  async up(): Promise<void> {
    const life = new AbortController();
    const server = createServer((request, response) => {
      response.on('error', () => undefined);
      this.#serve(life.signal, request, response).catch(() => {
        // Its manager may have died, or itself: nobody answers, and the message comes again.
        if (!life.signal.aborted) response.writeHead(503).end();
      });
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    [this.#server, this.#life] = [server, life];
  }

  /** Its connections break in the middle of things, and new ones are refused. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    this.#life.abort();
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(life: AbortSignal, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8');
    const openKfId = this.#open(new URL(request.url ?? '/', 'http://bot').searchParams, body);
    if (openKfId === null) {
      this.complaints.push('a callback that does not open');
      return void response.writeHead(403).end();
    }
    const base = `${this.nextUrl()}/bot/${this.#access.key}/cgi-bin`;
    const { corpId: corpid, corpSecret: corpsecret } = this.#access;
    const { access_token: token } = await ask(
      life,
      `${base}/gettoken?${new URLSearchParams({ corpid, corpsecret })}`,
    );
    const page = await ask(life, `${base}/kf/sync_msg?access_token=${token}`, { open_kfid: openKfId });
    if (page.errcode !== 0) throw new Error(`kf/sync_msg: ${page.errcode}`);
    for (const { msgid, external_userid: customer, text } of page.msg_list) {
      if (customer === undefined || text === undefined) continue;
      this.given.push({ customer, text: text.content });
      const { errcode } = await ask(life, `${base}/kf/send_msg?access_token=${token}`, {
        ...{
          touser: customer,
          open_kfid: openKfId,
          msgtype: 'text',
          text: { content: answerTo(text.content) },
        },
        // A message that comes again is answered once.
        msgid: msgid.replaceAll(/[^\w-]/g, '').slice(0, 32),
      });
      if (![0, MSGID_USED, NOT_WITH_BOT].includes(errcode)) throw new Error(`kf/send_msg: ${errcode}`);
    }
    if (!life.aborted) response.end('success');
  }

  /** @returns the account; `null` when WeCom's own library cannot open it. */
  #open(query: URLSearchParams, body: string): string | null {
    const encrypted = elementOf(body, 'Encrypt');
    const [timestamp, nonce] = [query.get('timestamp') ?? '', query.get('nonce') ?? ''];
    const { token, encodingAESKey } = this.#access;
    if (getSignature(token, timestamp, nonce, encrypted) !== query.get('msg_signature')) return null;
    return elementOf(decrypt(encodingAESKey, encrypted).message, 'OpenKfId');
  }
}

async function ask(life: AbortSignal, url: string, body?: object): Promise<WecomAnswer> {
  const signal = AbortSignal.any([life, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { signal, ...init });
  return (await response.json()) as WecomAnswer;
}

async function post<T>(url: string, body: object): Promise<T> {
  const response = await whenServed(() => postJson(url, body));
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(url).pathname}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]></${name}>`, 's').exec(xml)?.[1] ?? '';
}
