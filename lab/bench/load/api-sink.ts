/**
 * WeCom's API in this process: one access token for each secret, and one constant answer to `kf/send_msg`. It
 * does no more than is needed to count what came right.
 */
import { randomBytes } from 'node:crypto';
import { MessageServer } from './message-server.js';

export type App = { readonly corpId: string; readonly corpSecret: string; readonly accessToken: string };

/** As it came over the wire. */
export type ApiCall = { readonly head: string; readonly body: Buffer };

/** How each call that is counted begins; its access token follows. */
const SEND_MSG = 'POST /cgi-bin/kf/send_msg?access_token=';
const LIFE_S = 7_200;
/** Spaced and escaped as no serialiser would print it. */
export const SENT_BODY = Buffer.from(
  '{"errcode":0,"errmsg":"ok", "msgid" : "4TSVqcsMwAwmLUAFGtJZ5h9vU8cVxFwk-\\u597d-bench"}',
);
const SENT = httpAnswer(SENT_BODY, 0);

export class ApiSink {
  /** Calls of `kf/send_msg` with a token that was given and a body of the right length. */
  sent = 0;
  /** When each secret's token was asked for, by `performance.now()`. */
  readonly askedAtMs = new Map<string, number[]>();
  /** Set while the proof runs, so that it can look at each call of `kf/send_msg`. */
  onCall: ((call: ApiCall) => void) | undefined;
  private readonly tokens: ReadonlySet<string>;

  private constructor(
    private readonly apps: readonly App[],
    private readonly sendMsgBytes: number,
    private readonly server: MessageServer,
  ) {
    this.tokens = new Set(apps.map(({ accessToken }) => accessToken));
  }

  /** @param sendMsgBytes the length of every body of `kf/send_msg`. */
  static async open(apps: readonly App[], sendMsgBytes: number): Promise<ApiSink> {
    const server = await MessageServer.listen((head, body) => sink.answer(head, body));
    const sink = new ApiSink(apps, sendMsgBytes, server);
    return sink;
  }

  /** What makes the manager, and the relay, call here. */
  get env(): Record<string, string> {
    return { ACCESS_TOKEN_URL: `${this.server.url}/cgi-bin/gettoken`, WECOM_API_URL: this.server.url };
  }

  close(): void {
    this.server.close();
  }

  private answer(head: string, body: Buffer): Buffer {
    const target = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'));
    if (target.startsWith('/cgi-bin/gettoken?')) return this.giveToken(new URLSearchParams(target.slice(18)));
    const isRight =
      head.startsWith(SEND_MSG) && this.tokens.has(head.slice(SEND_MSG.length).split(' ', 1)[0] ?? '');
    this.onCall?.({ head, body });
    if (!isRight || body.length !== this.sendMsgBytes) return refusal(40014);
    this.sent += 1;
    return SENT;
  }

  private giveToken(query: URLSearchParams): Buffer {
    const [corpId, corpSecret] = [query.get('corpid'), query.get('corpsecret') ?? ''];
    this.askedAtMs.set(corpSecret, [...(this.askedAtMs.get(corpSecret) ?? []), performance.now()]);
    const app = this.apps.find((one) => one.corpId === corpId && one.corpSecret === corpSecret);
    if (!app) return refusal(40001);
    const { accessToken } = app;
    const answer = { errcode: 0, errmsg: 'ok', access_token: accessToken, expires_in: LIFE_S };
    return httpAnswer(Buffer.from(JSON.stringify(answer)), 0);
  }
}

/** One app for each of as many corps. Secrets and tokens have the length of real ones. */
export function makeApps(count: number): App[] {
  return Array.from({ length: count }, () => ({
    corpId: `ww${randomBytes(8).toString('hex')}`,
    corpSecret: randomBytes(32).toString('base64url'),
    accessToken: randomBytes(160).toString('base64url'),
  }));
}

function refusal(errcode: number): Buffer {
  const more = `from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`;
  return httpAnswer(Buffer.from(JSON.stringify({ errcode, errmsg: `refused, hint: [0], ${more}` })), errcode);
}

function httpAnswer(body: Buffer, errcode: number): Buffer {
  const head =
    'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json; charset=UTF-8\r\n' +
    `Error-Code: ${errcode}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
