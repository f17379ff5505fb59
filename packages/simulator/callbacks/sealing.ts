/**
 * WeCom's side of a callback. Encrypts and signs with `@wecom/crypto`, never with the manager's own cipher, so
 * that a mistake of ours cannot cancel itself out.
 */
import { randomBytes } from 'node:crypto';
import { encrypt, getSignature } from '@wecom/crypto';
import { randomText } from '../random-text.js';

/** One app of one corp, as its admin page shows it. */
export interface WecomApp {
  readonly corpId: string;
  readonly token: string;
  readonly encodingAESKey: string;
}

/** A callback as it goes over the wire. */
export interface WireCallback {
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

export function newApp(corpId = `ww${randomText(16)}`): WecomApp {
  return { corpId, token: randomText(24), encodingAESKey: randomText(43) };
}

export function newOpenKfId(): string {
  return `wk${randomText(30)}`;
}

/** The event as WeCom documents it; `Token` is left out when `syncToken` is `null`. */
export function kfMessageXml(
  app: Pick<WecomApp, 'corpId'>,
  openKfId: string,
  syncToken: string | null = `ENC${randomText(40)}`,
  createTime = 1_348_831_860,
): string {
  const token = syncToken === null ? '' : `<Token><![CDATA[${syncToken}]]></Token>\n`;
  return `<xml>
<ToUserName><![CDATA[${app.corpId}]]></ToUserName>
<CreateTime>${createTime}</CreateTime>
<MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[kf_msg_or_event]]></Event>
${token}<OpenKfId><![CDATA[${openKfId}]]></OpenKfId>
</xml>`;
}

/** Seals `message` for `receiveId` and signs it, as WeCom does for a POST. */
export function sealCallback(
  app: WecomApp,
  message: string,
  receiveId = app.corpId,
  timestampS = nowS(),
): WireCallback {
  const encrypted = encrypt(app.encodingAESKey, message, receiveId);
  return {
    query: signedQuery(app, encrypted, timestampS),
    body: `<xml><ToUserName><![CDATA[${app.corpId}]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt><AgentID><![CDATA[]]></AgentID></xml>`,
  };
}

/** The query of the GET that WeCom sends when the callback URL is saved. */
export function sealVerification(
  app: WecomApp,
  message: string,
  receiveId = app.corpId,
  timestampS = nowS(),
): Readonly<Record<string, string>> {
  const echostr = encrypt(app.encodingAESKey, message, receiveId);
  return { ...signedQuery(app, echostr, timestampS), echostr };
}

export function signedQuery(app: WecomApp, encrypted: string, timestampS = nowS()): Record<string, string> {
  const timestamp = String(timestampS);
  const nonce = String(randomBytes(4).readUInt32BE());
  return { msg_signature: getSignature(app.token, timestamp, nonce, encrypted), timestamp, nonce };
}

export function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
