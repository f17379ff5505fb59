/** How WeCom's API words its answers: always JSON with an errcode, and HTTP 200 whatever the errcode is. */
import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';

export interface ApiAnswer {
  readonly errcode: number;
  readonly errmsg: string;
  readonly [field: string]: unknown;
}

/**
 * Codes: 全局错误码, https://developer.work.weixin.qq.com/document/path/90313. That page tells clients to go by the
 * code, as the texts change; these are those that were seen in the field, and our own where none was.
 */
const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential',
  40004: 'invalid media type',
  40005: 'invalid file type',
  40006: 'invalid file size',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40009: 'invalid image size',
  40011: 'invalid video size',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  40058: 'invalid Request Parameter',
  40096: 'invalid external userid',
  41001: 'access_token missing',
  41002: 'corpid missing',
  41004: 'corpsecret missing',
  41005: 'media data missing',
  42001: 'access_token expired',
  43002: 'require POST method',
  44004: 'empty content',
  45009: 'api freq out of limit',
  47001: 'data format error',
  48002: 'api forbidden',
  60020: 'not allow to access from your ip',
  93000: 'invalid webhook url',
  95000: 'invalid open_kfid',
  95001: 'send msg count limit',
  95002: 'send msg time limit',
  95007: 'invalid msg token',
  95008: 'msgmenu item count out of limit',
  95009: 'invalid msgmenu item type',
  95013: 'session is over',
  95014: 'user is not a servicer',
  95016: 'session status transition not allowed',
  95018: 'send msg session status invalid',
};

const LOOPBACK = '127.0.0.1';

/** Ends the handling of a call; what it is answered. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly errcode: number,
    /** What stands before the hint; the code's usual text without it. */
    readonly text?: string,
  ) {
    super(`errcode ${errcode}`);
  }
}

/** The hint is another one each time, as WeCom's is. */
export function refusal(errcode: number, text = TEXTS[errcode] ?? 'refused', fromIp = LOOPBACK): ApiAnswer {
  const hint = Array.from({ length: 25 }, () => randomInt(10)).join('');
  const more = `more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`;
  return { errcode, errmsg: `${text}, hint: [${hint}], from ip: ${fromIp}, ${more}` };
}

export function ok(fields: Readonly<Record<string, unknown>> = {}): ApiAnswer {
  return { errcode: 0, errmsg: 'ok', ...fields };
}

/** With the two headers of its own that WeCom sends beside. */
export function sendAnswer(response: ServerResponse, answer: ApiAnswer): void {
  const body = Buffer.from(JSON.stringify(answer));
  response.writeHead(200, {
    'Content-Type': 'application/json; charset=UTF-8',
    'Content-Length': body.length,
    'Error-Code': answer.errcode,
    'Error-Msg': toHeader(answer.errmsg),
  });
  response.end(body);
}

/** A header takes Latin letters only, and a refusal may repeat what it was sent. */
function toHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
