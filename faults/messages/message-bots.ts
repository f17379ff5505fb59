/** Bots that take messages, as programs do it, with the right to be killed at any moment and to come back. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decrypt, getSignature } from '@wecom/crypto';
import type { Seeded } from '../../test/support/seeded.js';
import { type KfAccount, numberOf } from './kf-corp.js';
import type { MessageDelivery, MessageOracle } from './message-oracle.js';

/** What the manager made for a bot. */
export interface MadeBot {
  readonly key: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly signingSecret: string;
}

/** What all bots of a run share. */
export interface BotWorld {
  readonly oracle: MessageOracle;
  readonly random: Seeded;
  /** Of a manager, each time the next one's, as a balancer picks them. */
  readonly nextUrl: () => string;
  /** What bots were sent that they cannot make sense of. */
  readonly complaints: string[];
}

/** Of so many callbacks one is refused, before the message is pulled or after. */
const REFUSED_ONE_IN = 120;
const BODY_LIMIT = 262_144;

/** One run of a bot's program. */
class Life {
  readonly sockets = new Set<Socket>();
  readonly end = new AbortController();
  pulling = 0;

  get isOver(): boolean {
    return this.end.signal.aborted;
  }
}

export abstract class MessageBot {
  made: MadeBot = { key: '', token: '', encodingAESKey: '', signingSecret: '' };
  #server: Server | null = null;
  #life = new Life();

  constructor(
    readonly account: KfAccount,
    readonly port: number,
    protected readonly world: BotWorld,
  ) {}

  abstract readonly kind: 'callback' | 'puppet';

  get url(): string {
    return `http://127.0.0.1:${this.port}/${this.account.openKfId}`;
  }

  get isUp(): boolean {
    return this.#server !== null;
  }

  async up(): Promise<void> {
    const life = new Life();
    const server = createServer((request, response) => {
      response.on('error', () => undefined);
      this.#serve(life, request, response).catch((error: unknown) => {
        if (!life.isOver) this.world.complaints.push(String(error));
      });
    });
    server.on('connection', (socket) => {
      life.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => life.sockets.delete(socket));
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#life = life;
    void this.began(life).catch(() => undefined);
  }

  /** Its connections break in the middle of things, and new ones are refused. */
  async kill(): Promise<void> {
    const [server, life] = [this.#server, this.#life];
    this.#server = null;
    if (server === null) return;
    const { oracle } = this.world;
    const { openKfId } = this.account;
    if (life.pulling > 0) oracle.cut(openKfId);
    const fromMs = performance.now();
    const closed = once(server, 'close');
    life.end.abort();
    server.close();
    for (const socket of life.sockets) socket.destroy();
    await closed;
    oracle.fault({ fromMs, toMs: performance.now(), openKfId });
  }

  /** What the program does when it starts. */
  protected abstract began(life: Life): Promise<void>;

  protected abstract take(life: Life, request: IncomingMessage, body: string, answer: Answer): Promise<void>;

  protected complain(what: string): void {
    this.world.complaints.push(`${this.account.openKfId}: ${what}`);
  }

  async #serve(life: Life, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = (await request.toArray()) as Buffer[];
    const body = Buffer.concat(chunks).toString('utf8');
    if (life.isOver || body.length > BODY_LIMIT) return;
    await this.take(life, request, body, new Answer(response, this.world.oracle));
  }
}

/** Answers a callback once; a 2xx that can reach nobody any more was not written. */
class Answer {
  delivery: MessageDelivery | null = null;

  constructor(
    private readonly response: ServerResponse,
    private readonly oracle: MessageOracle,
  ) {}

  take(): void {
    if (!this.#isOpen) return;
    this.response.end('success');
    if (this.delivery !== null) this.oracle.answered(this.delivery);
  }

  refuse(status = 503): void {
    if (this.#isOpen) this.response.writeHead(status).end();
  }

  get #isOpen(): boolean {
    const { headersSent, destroyed, socket } = this.response;
    return !headersSent && !destroyed && socket?.destroyed === false;
  }
}

/**
 * `pulls first`: one pull, then the answer. `answers first`: the answer, and soon one pull, at times a late one. `drains`: pulls
 * until nothing comes, with the cursor that it has kept, then answers. `old cursor`: pulls once by a cursor of WeCom's that
 * it had before, then answers.
 */
export const STYLES = ['pulls first', 'answers first', 'drains', 'old cursor'] as const;
export type Style = (typeof STYLES)[number];

const OLD_CURSOR = 'dTI5bGIyeGtZM1Z5YzI5eQ';
const SOON_MS = 40;
/** Longer than an account's turn waits for the pull. */
const LATE_MS = 1_300;
const LATE_ONE_IN = 300;
const PULLS_MAX = 8;
const TRIES = 3;
const TRY_AGAIN_MS = 60;

/** A program that takes WeCom's callbacks and calls its API by the manager's base. */
export class CallbackBot extends MessageBot {
  override readonly kind = 'callback';
  #cursor = '';
  #accessToken: string | null = null;

  constructor(
    account: KfAccount,
    port: number,
    world: BotWorld,
    readonly style: Style,
    /** Half of the programs look for what they missed when they start. */
    private readonly catchesUp: boolean,
  ) {
    super(account, port, world);
  }

  protected override async began(life: Life): Promise<void> {
    if (this.catchesUp && this.made.key !== '') await this.#pull(life);
  }

  protected override async take(
    life: Life,
    { url = '/', headers }: IncomingMessage,
    body: string,
    answer: Answer,
  ): Promise<void> {
    const { oracle, random } = this.world;
    const opened = this.#open(new URL(url, 'http://bot').searchParams, body);
    if (opened === null) {
      this.complain('a callback that does not open');
      return answer.refuse(403);
    }
    const attempt = Number(headers['x-wxkf-attempt']);
    answer.delivery = oracle.called(opened, String(headers['webhook-id']), attempt);
    if (random.below(REFUSED_ONE_IN) === 0) return answer.refuse();
    if (this.style === 'answers first') {
      answer.take();
      await sleep(random.below(LATE_ONE_IN) === 0 ? LATE_MS : random.below(SOON_MS));
      if (!life.isOver) await this.#pull(life);
      return;
    }
    const isPulled = await this.#pull(life);
    if (life.isOver) return;
    if (!isPulled || random.below(REFUSED_ONE_IN) === 0) answer.refuse(500);
    else answer.take();
  }

  /** @returns the account; `null` when WeCom's own library cannot open it. */
  #open(query: URLSearchParams, body: string): string | null {
    const encrypted = elementOf(body, 'Encrypt');
    const [timestamp, nonce] = [query.get('timestamp') ?? '', query.get('nonce') ?? ''];
    const { token, encodingAESKey } = this.made;
    if (getSignature(token, timestamp, nonce, encrypted) !== query.get('msg_signature')) return null;
    return elementOf(decrypt(encodingAESKey, encrypted).message, 'OpenKfId');
  }

  /** @returns false when the manager could not be asked. */
  async #pull(life: Life): Promise<boolean> {
    life.pulling++;
    try {
      for (let pulls = 0; pulls < PULLS_MAX; pulls++) {
        const cursor = this.style === 'old cursor' ? OLD_CURSOR : this.#cursor;
        const page = await this.#askPage(life, cursor);
        if (page === null) return false;
        for (const message of page.msg_list)
          this.world.oracle.given(this.account.openKfId, numberOf(message));
        if (page.msg_list.length > 1 || page.has_more !== 0) this.complain('more than one message at once');
        this.#cursor = page.next_cursor;
        if (this.style !== 'drains' || page.msg_list.length === 0) return true;
      }
      return true;
    } finally {
      if (!life.isOver) life.pulling--;
    }
  }

  async #askPage(life: Life, cursor: string): Promise<SyncAnswer | null> {
    for (let tries = 1; tries <= TRIES && !life.isOver; tries++) {
      try {
        const answer = await this.#ask(life, cursor);
        if (answer.errcode === 0) return answer;
        this.#accessToken = null;
      } catch {
        // The replica may be gone, and the next one there.
      }
      await sleep(TRY_AGAIN_MS);
    }
    return null;
  }

  async #ask(life: Life, cursor: string): Promise<SyncAnswer> {
    const { signal } = life.end;
    const base = `${this.world.nextUrl()}/bot/${this.made.key}/cgi-bin`;
    const { app, corpSecret } = this.account.corp;
    const secret = new URLSearchParams({ corpid: app.corpId, corpsecret: corpSecret });
    if (this.#accessToken === null) {
      const given = await fetch(`${base}/gettoken?${secret}`, { signal });
      this.#accessToken = ((await given.json()) as { access_token?: string }).access_token ?? null;
    }
    const response = await fetch(`${base}/kf/sync_msg?access_token=${this.#accessToken}`, {
      method: 'POST',
      body: JSON.stringify({ cursor, open_kfid: this.account.openKfId, limit: 1_000 }),
      signal,
    });
    return (await response.json()) as SyncAnswer;
  }
}

interface SyncAnswer {
  readonly errcode: number;
  readonly next_cursor: string;
  readonly has_more: number;
  readonly msg_list: readonly Readonly<Record<string, unknown>>[];
}

const AGE_MAX_S = 300;

/** A bot that registers, and is sent each message signed. */
export class PuppetBot extends MessageBot {
  override readonly kind = 'puppet';

  /** As puppets do it at each start. */
  protected override async began(life: Life): Promise<void> {
    if (this.made.key === '') return;
    while (!life.isOver && !(await this.register().catch(() => false))) await sleep(200);
  }

  /** @returns whether it was accepted. */
  async register(): Promise<boolean> {
    const { openKfId, corp } = this.account;
    const registration = {
      ...{ kfId: openKfId, kfName: 'puppet', endpoint: this.url },
      ...{ corpId: corp.app.corpId, corpSecret: corp.corpSecret, takes: 'message' },
    };
    const response = await fetch(`${this.world.nextUrl()}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.made.key}` },
      body: JSON.stringify(registration),
    });
    if (response.status === 400) this.complain(await response.text());
    return response.ok;
  }

  protected override async take(
    _life: Life,
    { url = '', headers }: IncomingMessage,
    body: string,
    answer: Answer,
  ): Promise<void> {
    const { oracle, random } = this.world;
    const { openKfId } = this.account;
    const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
    if (url !== `/${openKfId}/callback/message`) return answer.refuse(404);
    if (!isSigned(this.made.signingSecret, id, timestamp, body, String(headers['webhook-signature']))) {
      this.complain('a message whose signature is wrong');
      return answer.refuse(401);
    }
    const message = JSON.parse(body) as Readonly<Record<string, unknown>>;
    answer.delivery = oracle.called(openKfId, id, Number(headers['x-wxkf-attempt']));
    oracle.given(openKfId, numberOf(message));
    if (random.below(REFUSED_ONE_IN) === 0) return answer.refuse();
    await sleep(random.below(SOON_MS));
    answer.take();
  }
}

/** Standard Webhooks. */
function isSigned(secret: string, id: string, timestamp: string, body: string, signature: string): boolean {
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > AGE_MAX_S) return false;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return (
    signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
  );
}

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]></${name}>`, 's').exec(xml)?.[1] ?? '';
}
