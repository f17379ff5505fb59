/**
 * WeCom's side of a callback, by hand, since what a library seals is always right. The signature is right
 * whatever is in it: it covers the encrypted text, and whoever has the token can sign anything.
 */
import { createCipheriv, createHash } from 'node:crypto';
import type { Draw } from './draw.js';
import type { Corp } from './stage.js';

const BLOCK = 32;
const TIMESTAMP = '1409659589';

export interface Signed {
  readonly query: Readonly<Record<string, string>>;
  readonly encrypted: string;
}

/** The plain text as WeCom composes it: 16 random bytes, length, message, receiver. */
export function plainText(
  draw: Draw,
  message: Buffer,
  receiveId: Buffer | string,
  length = message.length,
): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(length | 0);
  return Buffer.concat([draw.bytes(16), size, message, Buffer.from(receiveId)]);
}

/** PKCS#7 over 32 bytes, as WeCom has it. */
export function padded(plain: Buffer): Buffer {
  const length = BLOCK - (plain.length % BLOCK);
  return Buffer.concat([plain, Buffer.alloc(length, length)]);
}

/** @param plain whole blocks of AES. */
export function encrypted({ encodingAESKey }: Corp, plain: Buffer): Buffer {
  const key = Buffer.from(`${encodingAESKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

export function signed(corp: Corp, draw: Draw, text: string): Signed {
  const nonce = String(draw.below(2 ** 31));
  const sorted = [corp.token, TIMESTAMP, nonce, text].sort();
  const msg_signature = createHash('sha1').update(sorted.join('')).digest('hex');
  return { query: { msg_signature, timestamp: TIMESTAMP, nonce }, encrypted: text };
}

/** All of it as it should be. */
export function sealed(corp: Corp, draw: Draw, message: string): Signed {
  const plain = padded(plainText(draw, Buffer.from(message), corp.corpId));
  return signed(corp, draw, encrypted(corp, plain).toString('base64'));
}

export function eventXml(corpId: string, openKfId: string, syncToken: string): string {
  return (
    `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><CreateTime>1348831860</CreateTime>` +
    '<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>' +
    `<Token><![CDATA[${syncToken}]]></Token><OpenKfId><![CDATA[${openKfId}]]></OpenKfId></xml>`
  );
}

export function envelopeXml(corpId: string, text: string): string {
  return (
    `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><Encrypt><![CDATA[${text}]]></Encrypt>` +
    '<AgentID><![CDATA[]]></AgentID></xml>'
  );
}
