/**
 * Bots that take messages, one port each, all in this process: puppets, which are sent each message as JSON, and
 * callback bots, which are told of each one, pull it from the manager and answer then. A callback bot opens no callback: its
 * port says whose it is.
 */
import { createHmac } from 'node:crypto';
import { type Dispatcher, Pool } from 'undici';
import { postJson } from '../../../test/support/puppet-server.js';
import { type Account, makeAccounts } from './accounts.js';
import { Conversation, secretOf } from './kf-messages.js';
import { MessageServer } from './message-server.js';

export type BotKind = 'puppet' | 'callback';

const TAKEN = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsuccess');
const NOT_TAKEN = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');

interface MadeBot {
  readonly key: string;
  readonly signingSecret?: string;
}

interface Bot {
  readonly server: MessageServer;
  conversation: Conversation | null;
  made: MadeBot | null;
  accessToken: string;
}

export class MessageBots {
  conversations: readonly Conversation[] = [];
  /** Told of each message that came in its turn. */
  onArrival: (ageMs: number, conversation: Conversation) => void = () => {};
  readonly #bots: Bot[] = [];
  /** To the manager. */
  #pool: Pool | null = null;
  /** Messages whose signature was looked at. */
  #checked = 0;

  private constructor(readonly kind: BotKind) {}

  static async open(kind: BotKind, count: number): Promise<MessageBots> {
    const bots = new MessageBots(kind);
    while (bots.#bots.length < count) await bots.#listen();
    const accounts = makeAccounts(bots.#bots.map(({ server }) => server.url));
    bots.conversations = accounts.map((account) => new Conversation(account));
    for (const [n, bot] of bots.#bots.entries()) bot.conversation = bots.conversations[n] ?? null;
    return bots;
  }

  get arrived(): number {
    return this.conversations.reduce((sum, { arrived }) => sum + arrived, 0);
  }

  get appended(): number {
    return this.conversations.reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /** @throws Error when a message came twice, or before its turn. */
  requireOrder(): void {
    const wrong = this.conversations.flatMap((one) => one.wrong);
    if (wrong.length > 0) throw new Error(`${wrong.length} messages out of order or repeated: ${wrong[0]}`);
  }

  /** @throws Error when the first message of a puppet was not looked at. */
  requireSigned(): void {
    if (this.kind === 'callback' || this.#checked === this.#bots.length) return;
    throw new Error(`the signatures of ${this.#checked} of ${this.#bots.length} puppets were looked at`);
  }

  /** Adds each to the manager as a bot that takes the messages of its account. */
  async join(base: string): Promise<void> {
    this.#pool = new Pool(base, { connections: 64 });
    const corps = new Set<string>();
    for (const bot of this.#bots) {
      const account = bot.conversation?.account;
      if (account === undefined) throw new Error('a bot has no account');
      const { corpId, token, encodingAESKey } = account;
      if (!corps.has(corpId)) await post(`${base}/api/v1/apps`, { corpId, token, encodingAESKey });
      corps.add(corpId);
      bot.made = await this.#add(base, account);
      if (this.kind === 'puppet') await registerBot(base, account, bot.made);
      else bot.accessToken = await this.#getToken(account, bot.made);
    }
  }

  async close(): Promise<void> {
    await this.#pool?.close();
    for (const { server } of this.#bots) server.close();
  }

  async #add(base: string, account: Account): Promise<MadeBot> {
    const { corpId, openKfId, endpoint } = account;
    const callback = this.kind === 'callback' ? { url: `${endpoint}/callback` } : undefined;
    const { kind } = this;
    const fields = { kind, takes: 'message', callback, corpSecret: secretOf(account) };
    return post(`${base}/api/v1/bots`, { name: openKfId, corpId, openKfIds: [openKfId], ...fields });
  }

  async #getToken(account: Account, { key }: MadeBot): Promise<string> {
    const query = new URLSearchParams({ corpid: account.corpId, corpsecret: secretOf(account) });
    const text = await this.#call({ method: 'GET', path: `/bot/${key}/cgi-bin/gettoken?${query}` });
    const { access_token: accessToken } = JSON.parse(text);
    if (accessToken === undefined) throw new Error('a bot was given no access token');
    return accessToken;
  }

  async #listen(): Promise<void> {
    const server = await MessageServer.listen((head, body) => this.#take(bot, head, body));
    const bot: Bot = { server, conversation: null, made: null, accessToken: '' };
    this.#bots.push(bot);
  }

  #take(bot: Bot, head: string, body: Buffer): Buffer | Promise<Buffer> {
    if (this.kind === 'puppet' && head.startsWith('POST /callback/message ')) {
      const isFirst = bot.conversation?.arrived === 0;
      if (isFirst && !this.#isSigned(bot, head, body)) return NOT_TAKEN;
      this.#arrive(bot, body.toString());
      return TAKEN;
    }
    if (this.kind === 'callback' && head.startsWith('POST /callback?')) {
      // It is told again then, which is found out where the message had come.
      return this.#pullAndAnswer(bot).catch(() => NOT_TAKEN);
    }
    return NOT_TAKEN;
  }

  async #pullAndAnswer(bot: Bot): Promise<Buffer> {
    const text = await this.#call({
      method: 'POST',
      path: `/bot/${bot.made?.key}/cgi-bin/kf/sync_msg?access_token=${bot.accessToken}`,
      headers: { 'content-type': 'application/json' },
      body: `{"open_kfid":"${bot.conversation?.account.openKfId}","limit":1000}`,
    });
    this.#arrive(bot, text);
    return TAKEN;
  }

  async #call(request: Dispatcher.RequestOptions): Promise<string> {
    if (this.#pool === null) throw new Error('the bots have not joined a manager');
    const { body } = await this.#pool.request(request);
    return body.text();
  }

  #arrive({ conversation }: Bot, text: string): void {
    const ageMs = conversation?.arrive(text) ?? null;
    if (conversation !== null && ageMs !== null) this.onArrival(ageMs, conversation);
  }

  /** And byte for byte what WeCom gave; looked at for the first message of each account. */
  #isSigned({ made, conversation }: Bot, head: string, body: Buffer): boolean {
    const headerOf = (name: string) => new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(head)?.[1] ?? '';
    const key = Buffer.from((made?.signingSecret ?? '').replace('whsec_', ''), 'base64');
    const signed = `${headerOf('webhook-id')}.${headerOf('webhook-timestamp')}.${body}`;
    const signature = createHmac('sha256', key).update(signed).digest('base64');
    const isRight =
      headerOf('webhook-signature') === `v1,${signature}` && body.toString() === conversation?.entries[0];
    if (isRight) this.#checked += 1;
    else
      conversation?.wrong.push(
        `the first message of ${conversation.account.openKfId} is not as it should be`,
      );
    return isRight;
  }
}

async function registerBot(base: string, account: Account, { key }: MadeBot): Promise<void> {
  const { corpId, openKfId, endpoint } = account;
  const fields = { kfId: openKfId, kfName: openKfId, endpoint, takes: 'message' };
  const { status } = await fetch(`${base}/puppetWxkfManager/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ ...fields, corpId, corpSecret: secretOf(account) }),
  });
  if (status !== 200) throw new Error(`a puppet that takes messages was answered ${status}`);
}

async function post<T>(url: string, body: object): Promise<T> {
  const answer = await postJson(url, body);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} was answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
