import { randomBytes, randomInt } from 'node:crypto';
import type { Dispatcher as Undici } from 'undici';
import { signatureOf, WecomCipher } from '../../crypto/wecom-cipher.js';
import { type TraceContext, toTraceHeaders } from '../../kernel/trace-context.js';
import type { Secret } from '../../kernel/secret.js';
import type { BotSecrets } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { makeSyncToken } from '../../registry/bots/sync-tokens.js';
import type { CallbackUrl, Endpoint } from '../../registry/endpoint/endpoint.js';
import type { KfEvent, RawCallback } from '../kf-event.js';
import type { DeliveryForm } from './delivery-form.js';

/** As WeCom itself sends a callback: for programs that take WeCom's callbacks and know nothing of us. */
export class WecomForm implements DeliveryForm {
  readonly limitMs: number;
  /** Names and values in turn, besides those of every callback. */
  readonly headers: readonly string[];
  readonly #path: string;
  #cipher: WecomCipher | null = null;

  /** @param bot a callback bot whose secrets are open and whose URL may be used. */
  constructor(private readonly bot: KnownBot) {
    const { path, query } = bot.endpoint as CallbackUrl;
    this.limitMs = bot.callback?.timeoutMs ?? 0;
    this.#path = query === '' ? `${path}?` : `${path}?${query}&`;
    this.headers = Object.entries(this.#secrets.headers).flatMap(([name, value]) => [name, value.reveal()]);
  }

  toRequest(
    _endpoint: Endpoint,
    event: KfEvent,
    attempt: number,
    nowMs: number,
    trace: TraceContext | null,
  ): Undici.DispatchOptions {
    const nowS = String(Math.floor(nowMs / 1_000));
    const { msgSignature, timestamp, nonce, body } = event.raw ?? this.seal(toMessage(event, nowS), nowS);
    return {
      method: 'POST',
      path: this.pathWith(
        `msg_signature=${msgSignature}&timestamp=${timestamp}&nonce=${encodeURIComponent(nonce)}`,
      ),
      headers: [
        'content-type',
        'text/xml',
        'webhook-id',
        event.id,
        'webhook-timestamp',
        nowS,
        'x-wxkf-attempt',
        String(attempt),
        ...this.headers,
        ...toTraceHeaders(trace),
      ],
      body,
    };
  }

  /** @param query of this request, percent-encoded. */
  pathWith(query: string): string {
    return this.#path + query;
  }

  get callbackToken(): Secret {
    return this.#secrets.callbackToken;
  }

  /** @param message XML. @param nowS epoch seconds. */
  seal(message: string, nowS: string): RawCallback {
    const encrypted = this.sealText(message);
    const nonce = String(randomInt(1_000_000_000, 10_000_000_000));
    const body = Buffer.from(
      `<xml><ToUserName><![CDATA[${this.bot.corpId}]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt><AgentID><![CDATA[]]></AgentID></xml>`,
    );
    return {
      msgSignature: signatureOf(this.callbackToken, nowS, nonce, encrypted),
      timestamp: nowS,
      nonce,
      body,
    };
  }

  /** What the bot's key opens for its receiver. */
  sealText(text: string): string {
    this.#cipher ??= new WecomCipher(this.#secrets.encodingAESKey);
    return this.#cipher.seal(text, this.bot.callback?.receiveId ?? '', randomBytes(16));
  }

  get #secrets(): BotSecrets {
    if (this.bot.opened === null) throw new Error(`the secrets of bot ${this.bot.id} are not open`);
    return this.bot.opened;
  }
}

/** Never without a sync token, on which such programs break. WeCom's event (developer.work.weixin.qq.com/document/path/94699), with what the manager knows of it. */
function toMessage({ corpId, createdAtS, syncToken, openKfId }: KfEvent, nowS: string): string {
  return (
    `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><CreateTime>${createdAtS ?? nowS}</CreateTime>` +
    '<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>' +
    `<Token><![CDATA[${syncToken.replaceAll(']]>', '') || makeSyncToken()}]]></Token><OpenKfId><![CDATA[${openKfId}]]></OpenKfId></xml>`
  );
}
