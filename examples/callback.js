/** What both examples do with a callback of WeCom: read it, verify it, open it (docs/reference/protocol.md, "Opening a callback"). */
import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';

const BYTES_MAX = 1_000_000;
const { CORP_ID, CALLBACK_TOKEN, ENCODING_AES_KEY } = process.env;

/** `status` is the HTTP status that it is answered with. */
export class Refusal extends Error {
  constructor(status, text) {
    super(`${status} ${text}`);
    this.status = status;
  }
}

/** The whole body, of at most a megabyte. @throws Refusal */
export async function readBody(request) {
  let body = '';
  for await (const part of request.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    body += part;
    if (body.length > BYTES_MAX) throw new Refusal(413, 'too large');
  }
  return body;
}

/** The text of an element, which may be CDATA; '' where there is none. */
export function textOf(xml, name) {
  return new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^<\\]]+)`).exec(xml)?.[1] ?? '';
}

/** An opened callback that tells a puppet that there is something new has the `event` kf_msg_or_event. */
export function readEvent(xml) {
  return {
    event: textOf(xml, 'Event'),
    token: textOf(xml, 'Token'),
    openKfId: textOf(xml, 'OpenKfId'),
    createTime: textOf(xml, 'CreateTime') || null,
  };
}

/** What WeCom sealed: the `<Encrypt>` of a callback, the `echostr` of a verification. @throws Refusal */
export function open(query, sealed) {
  const signed = [CALLBACK_TOKEN, query.get('timestamp') ?? '', query.get('nonce') ?? '', sealed].sort();
  const signature = Buffer.from(createHash('sha1').update(signed.join('')).digest('hex'));
  const given = Buffer.from(query.get('msg_signature') ?? '');
  if (given.length !== signature.length || !timingSafeEqual(given, signature))
    throw new Refusal(403, 'not signed with CALLBACK_TOKEN');
  const key = Buffer.from(`${ENCODING_AES_KEY}=`, 'base64');
  // WeCom pads to 32 bytes; OpenSSL's own check of the padding knows no more than 16.
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]);
  const [pad, messageEnd] = [plain.at(-1), 20 + plain.readUInt32BE(16)];
  const end = plain.length - pad;
  if (pad < 1 || pad > 32 || messageEnd > end) throw new Refusal(400, 'does not open with ENCODING_AES_KEY');
  if (plain.toString('utf8', messageEnd, end) !== CORP_ID) throw new Refusal(403, 'sealed for another corp');
  return plain.toString('utf8', 20, messageEnd);
}
