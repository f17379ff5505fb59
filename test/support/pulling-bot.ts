/** A callback bot that pulls with the manager as its base, in the ways in which programs do. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { BotServer } from './bot-server.js';
import { postJson, type Received } from './puppet-server.js';
import { whenServed } from './until.js';

export type PullingHabit =
  | 'before it answers'
  | 'after it answered'
  | 'until there is no more'
  | 'with an old cursor'
  | 'from where it was'
  | 'by its token alone'
  | 'never';

/** A message as WeCom gives it, as far as it is read here. */
interface Entry {
  readonly msgid: string;
  readonly open_kfid: string;
  readonly external_userid?: string;
  readonly msgtype: string;
  readonly text?: { readonly content: string };
}

/** What WeCom's API answers, as far as it is read here. */
interface Answer {
  readonly errcode: number;
  readonly access_token: string;
  readonly msg_list: readonly Entry[];
  readonly next_cursor: string;
  readonly has_more: number;
}

export interface Given {
  readonly msgid: string;
  readonly text: string;
  readonly openKfId: string;
  /** The whole entry. */
  readonly entry: Entry;
  readonly webhookId: string;
  readonly attempt: number;
}

export class PullingBot {
  /** In the order in which it was given them. */
  readonly given: Given[] = [];
  /** What a pull brought besides: `has_more`, and how many messages. */
  readonly pages: { readonly hasMore: number; readonly length: number }[] = [];
  habit: PullingHabit = 'before it answers';
  /** Of its answers to callbacks. */
  status = 200;
  isHanging = false;
  /** Breaks each connection. */
  isAway = false;
  /** Its work on what it has pulled, before it answers. */
  work: (texts: readonly string[]) => Promise<void> = async () => {};
  /** Where its last pull ended. */
  #cursor = '';
  #lastServed: Promise<void> = Promise.resolve();
  base = '';
  credentials = { corpid: '', corpsecret: '' };

  private constructor(readonly server: BotServer) {}

  static async start(): Promise<PullingBot> {
    const bot = new PullingBot(await BotServer.start());
    bot.server.behave((_request, response) => bot.#take(response));
    return bot;
  }

  /** As an operator adds it to the manager, for an account. @param fields others than usual. @throws Error when it is refused. */
  async addTo(
    managerUrl: string,
    { corpId, corpSecret }: Pick<Simulator, 'corpId' | 'corpSecret'>,
    openKfId: string,
    fields: object = {},
  ): Promise<BotCreatedAnswer> {
    const asked = {
      ...{ name: 'Support bot', corpId, corpSecret, openKfIds: [openKfId] },
      ...{ kind: 'callback', takes: 'message', callback: { url: `${this.server.url}/wxkf/` } },
      ...fields,
    };
    const response = await whenServed(() => postJson(`${managerUrl}/api/v1/bots`, asked));
    const added = (await response.json()) as BotCreatedAnswer;
    if (response.status !== 200) throw new Error(JSON.stringify(added));
    this.server.keys = { token: added.token ?? '', encodingAESKey: added.encodingAESKey ?? '' };
    this.base = `${managerUrl}/bot/${added.key}/cgi-bin`;
    this.credentials = { corpid: corpId, corpsecret: corpSecret };
    return added;
  }

  get texts(): string[] {
    return this.given.map(({ text }) => text);
  }

  /** @param named what tells the account. */
  async pull(openKfId: string, cursor = '', named: object = { open_kfid: openKfId }): Promise<Answer> {
    const { access_token } = await this.#call(`gettoken?${new URLSearchParams(this.credentials)}`);
    const body = { ...named, limit: 1_000, ...(cursor !== '' && { cursor }) };
    return this.#call(`kf/sync_msg?access_token=${access_token}`, body);
  }

  /** A pull whose answer it does not read. @param end ends the connection, once the answer has begun to come. */
  async pullRaw(openKfId: string, end: (socket: Socket) => void): Promise<void> {
    const { access_token } = await this.#call(`gettoken?${new URLSearchParams(this.credentials)}`);
    const { hostname, port, pathname } = new URL(this.base);
    const body = JSON.stringify({ open_kfid: openKfId });
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${pathname}/kf/sync_msg?access_token=${access_token} HTTP/1.1\r\nhost: manager\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'readable');
    end(socket);
    await once(socket, 'close');
  }

  /** Answers the customer of a message. @returns WeCom's errcode. */
  async reply({ openKfId, entry }: Given, content: string): Promise<number> {
    const { access_token } = await this.#call(`gettoken?${new URLSearchParams(this.credentials)}`);
    const text = { touser: entry.external_userid, open_kfid: openKfId, msgtype: 'text', text: { content } };
    return (await this.#call(`kf/send_msg?access_token=${access_token}`, text)).errcode;
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #take(response: ServerResponse): void {
    const received = this.server.received.at(-1);
    if (this.isAway) response.destroy();
    if (received === undefined || this.isHanging || this.isAway) return;
    const serve = () => this.#serve(response, received);
    // One pull after the other: two that begin at the same cursor bring the same messages.
    this.#lastServed = this.habit === 'from where it was' ? this.#lastServed.then(serve) : serve();
  }

  async #serve(response: ServerResponse, received: Received): Promise<void> {
    const { openKfId, syncToken } = this.server.open(received);
    const webhookId = String(received.headers['webhook-id']);
    const attempt = Number(received.headers['x-wxkf-attempt']);
    const answer = () => response.writeHead(this.status).end('success');
    if (this.habit === 'after it answered' || this.habit === 'never') answer();
    if (this.habit === 'never') return;
    let cursor = this.habit === 'with an old cursor' ? 'gAAAAAold-cursor-of-wecom' : '';
    if (this.habit === 'from where it was') cursor = this.#cursor;
    const named = this.habit === 'by its token alone' ? { token: syncToken } : { open_kfid: openKfId };
    const texts: string[] = [];
    for (;;) {
      // Its manager may have died, and be elsewhere a moment later. Nobody refuses the message for that.
      const page = await this.pull(openKfId, cursor, named).catch(() => null);
      if (page === null || page.errcode !== 0) {
        if (!response.headersSent) response.writeHead(503).end();
        return;
      }
      this.#cursor = page.next_cursor;
      this.pages.push({ hasMore: page.has_more, length: page.msg_list.length });
      const given = page.msg_list.map((entry) => toGiven(entry, webhookId, attempt));
      this.given.push(...given);
      texts.push(...given.map(({ text }) => text));
      if (this.habit !== 'until there is no more' || page.msg_list.length === 0) break;
      cursor = page.next_cursor;
    }
    await this.work(texts);
    if (this.habit !== 'after it answered') answer();
  }

  async #call(target: string, body?: object): Promise<Answer> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${this.base}/${target}`, init);
    return (await answer.json()) as Answer;
  }
}

function toGiven(entry: Entry, webhookId: string, attempt: number): Given {
  const { msgid, open_kfid: openKfId } = entry;
  return { msgid, text: entry.text?.content ?? entry.msgtype, openKfId, entry, webhookId, attempt };
}
