import { randomInt } from 'node:crypto';
import { signatureOf, WecomCipher } from '../../crypto/wecom-cipher.js';
import type { Secret } from '../../kernel/secret.js';
import type { CalledBot } from '../../registry/bots/known-bots.js';
import { makeSyncToken } from '../../registry/bots/sync-tokens.js';
import type { RawCallback } from '../../queue/kf-event.js';
import { eventOf, type Parcel } from '../endpoint/parcel.js';

/** Seals events as WeCom does, for programs that take WeCom's callbacks and know nothing of us. */
export class WecomEnvelope {
  #cipher: WecomCipher | null = null;

  constructor(private readonly bot: CalledBot) {}

  get callbackToken(): Secret {
    return this.bot.secrets.callbackToken;
  }

  /** The callback as WeCom sent it, if the event still has it; else a new one. @param nowS epoch seconds. */
  of(parcel: Parcel, nowS: string): RawCallback {
    return eventOf(parcel).raw ?? this.#seal(toXml(parcel, nowS), nowS);
  }

  /** Encrypts a text with the bot's key and its receive id. */
  sealText(text: string): string {
    this.#cipher ??= new WecomCipher(this.bot.secrets.encodingAESKey);
    return this.#cipher.seal(text, this.bot.callback.receiveId);
  }

  /** @param message XML. @param nowS epoch seconds. */
  #seal(message: string, nowS: string): RawCallback {
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
}

/** The query that WeCom adds to the URL of a callback. */
export function toCallbackQuery({ msgSignature, timestamp, nonce }: RawCallback): string {
  return `msg_signature=${msgSignature}&timestamp=${timestamp}&nonce=${encodeURIComponent(nonce)}`;
}

/**
 * WeCom's event (developer.work.weixin.qq.com/document/path/94699), with what the manager knows of it. It always has
 * a sync token, since such programs break without one.
 */
function toXml(parcel: Parcel, nowS: string): string {
  const { corpId, createdAtS, openKfId } = parcel;
  const { syncToken } = eventOf(parcel);
  return (
    `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><CreateTime>${createdAtS ?? nowS}</CreateTime>` +
    '<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>' +
    `<Token><![CDATA[${syncToken.replaceAll(']]>', '') || makeSyncToken()}]]></Token><OpenKfId><![CDATA[${openKfId}]]></OpenKfId></xml>`
  );
}
