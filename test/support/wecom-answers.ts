/** How WeCom's API words its answers: always JSON with an errcode, and HTTP 200 whatever the errcode is. */
import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';

export interface ApiAnswer {
  readonly errcode: number;
  readonly errmsg: string;
  readonly [field: string]: unknown;
}

/** 全局错误码, https://developer.work.weixin.qq.com/document/path/90313 */
const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential',
  40004: 'invalid media type',
  40007: 'invalid media_id',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  41001: 'access_token missing',
  41002: 'corpid missing',
  41004: 'corpsecret missing',
  41005: 'media data missing',
  42001: 'access_token expired',
  45009: 'api freq out of limit',
  47001: 'data format error',
};

/** The hint is another one each time, as WeCom's is. */
export function refusal(errcode: number, text = TEXTS[errcode] ?? 'refused'): ApiAnswer {
  const hint = Array.from({ length: 25 }, () => randomInt(10)).join('');
  const more = `more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`;
  return { errcode, errmsg: `${text}, hint: [${hint}], from ip: 127.0.0.1, ${more}` };
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
    'Error-Msg': answer.errmsg,
  });
  response.end(body);
}
