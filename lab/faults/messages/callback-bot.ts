/** A program that takes WeCom's callbacks and pulls what they tell of, in one of the ways in which programs do it. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { decrypt, getSignature } from '@wecom/crypto';
import { type KfAccount, numberOf } from './kf-corp.js';
import { type Answer, type BotWorld, type Life, MessageBot, REFUSED_ONE_IN } from './message-bot.js';

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
const CATCH_UP_AGAIN_MS = 200;

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
    if (!this.catchesUp || this.made.key === '') return;
    // The manager may be away just then.
    while (!life.isOver && !(await this.#pull(life))) await sleep(CATCH_UP_AGAIN_MS);
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

function elementOf(xml: string, name: string): string {
  return new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]></${name}>`, 's').exec(xml)?.[1] ?? '';
}
