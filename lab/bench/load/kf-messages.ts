/**
 * What customers say, as WeCom gives it by `kf/sync_msg`, in this process. It remembers when each message was
 * appended, and tells of each one that reaches its bot whether it is the next of its account.
 */
import { randomBytes } from 'node:crypto';
import type { Account } from './accounts.js';
import { MessageServer } from './message-server.js';

const PAGE_SIZE = 1_000;
const LIFE_S = 7_200;
const CUSTOMERS = 10;
const MSGID = '"msgid":"';
const NUMBER_DIGITS = 8;

export const secretOf = ({ corpId }: Pick<Account, 'corpId'>): string => `bench-secret-of-${corpId}`;

/** The messages of one account, each known by its number from 0. */
export class Conversation {
  readonly entries: string[] = [];
  readonly appendedAtMs: number[] = [];
  arrived = 0;
  /** When the last one arrived. */
  arrivedAtMs = 0;
  /** Those that came twice, or before their turn. */
  readonly wrong: string[] = [];

  constructor(readonly account: Account) {}

  append(): void {
    const number = this.entries.length;
    this.entries.push(entryOf(this.account, number));
    this.appendedAtMs.push(performance.now());
  }

  /** @param text has one entry. @returns how long ago it was appended, milliseconds; `null` when it is not the next one. */
  arrive(text: string): number | null {
    const number = numberIn(text);
    if (number !== this.arrived || number >= this.entries.length) {
      this.wrong.push(`message ${number} of ${this.account.openKfId} came where ${this.arrived} was to come`);
      return null;
    }
    this.arrived += 1;
    this.arrivedAtMs = performance.now();
    return this.arrivedAtMs - (this.appendedAtMs[number] ?? 0);
  }
}

export class KfMessages {
  /** Calls of `kf/sync_msg`. */
  pulls = 0;
  readonly #conversations: ReadonlyMap<string, Conversation>;
  readonly #accessTokens = new Map<string, string>();

  private constructor(
    conversations: readonly Conversation[],
    private readonly server: MessageServer,
  ) {
    this.#conversations = new Map(conversations.map((one) => [one.account.openKfId, one]));
  }

  static async open(conversations: readonly Conversation[]): Promise<KfMessages> {
    const server = await MessageServer.listen((head, body) => wecom.#answer(head, body));
    const wecom = new KfMessages(conversations, server);
    return wecom;
  }

  /** What makes the manager pull here. */
  get env(): Record<string, string> {
    return { ACCESS_TOKEN_URL: `${this.server.url}/cgi-bin/gettoken`, WECOM_API_URL: this.server.url };
  }

  close(): void {
    this.server.close();
  }

  #answer(head: string, body: Buffer): Buffer {
    const target = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'));
    if (target.startsWith('/cgi-bin/gettoken?'))
      return this.#giveToken(new URLSearchParams(target.slice(18)));
    if (target.startsWith('/cgi-bin/kf/sync_msg?')) return this.#givePage(body);
    return json('{"errcode":40066,"errmsg":"not in the bench"}');
  }

  #giveToken(query: URLSearchParams): Buffer {
    const corpId = query.get('corpid') ?? '';
    if (query.get('corpsecret') !== secretOf({ corpId })) return json('{"errcode":40001,"errmsg":"invalid"}');
    const token = this.#accessTokens.get(corpId) ?? randomBytes(160).toString('base64url');
    this.#accessTokens.set(corpId, token);
    return json(`{"errcode":0,"errmsg":"ok","access_token":"${token}","expires_in":${LIFE_S}}`);
  }

  /** A cursor is the number of the message that comes next. */
  #givePage(body: Buffer): Buffer {
    this.pulls += 1;
    const { open_kfid: openKfId, cursor, limit } = JSON.parse(body.toString());
    const entries = this.#conversations.get(openKfId)?.entries;
    if (entries === undefined) return json('{"errcode":95004,"errmsg":"open_kfid not exist"}');
    const from = Number(cursor ?? 0);
    const to = Math.min(entries.length, from + Math.min(PAGE_SIZE, limit));
    const hasMore = Number(to < entries.length);
    const list = entries.slice(from, to).join(',');
    return json(
      `{"errcode":0,"errmsg":"ok","next_cursor":"${to}","has_more":${hasMore},"msg_list":[${list}]}`,
    );
  }
}

function json(body: string): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}

/** As a serialiser prints it, since the manager passes on what an entry says and not how it was spaced. */
function entryOf({ openKfId }: Account, number: number): string {
  return JSON.stringify({
    msgid: `${String(number).padStart(NUMBER_DIGITS, '0')}-${openKfId}`,
    open_kfid: openKfId,
    external_userid: `wmqEk5BgAAb1Z7cQ9mF2hT0xYd${number % CUSTOMERS}`,
    send_time: Math.floor(Date.now() / 1_000),
    origin: 3,
    msgtype: 'text',
    text: { content: `你好, I have a question about my order. This is message ${number}.` },
  });
}

/** @returns NaN where there is none, or more than one. */
function numberIn(text: string): number {
  const at = text.indexOf(MSGID);
  if (at < 0 || at !== text.lastIndexOf(MSGID)) return Number.NaN;
  return Number(text.slice(at + MSGID.length, at + MSGID.length + NUMBER_DIGITS));
}
