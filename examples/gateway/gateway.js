/**
 * A gateway in front of WXKF-Manager (docs/protocol.md), in one file without dependencies: it takes WeCom's callbacks
 * itself, verifies and opens them, and forwards what is in them. It keeps nothing: what the manager did not answer with
 * 200, WeCom is not answered with 200 either, so that it sends it again.
 */
import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const {
  MANAGER_URL = '',
  CORP_ID = '',
  CALLBACK_TOKEN = '',
  ENCODING_AES_KEY = '',
  PORT = '8081',
} = process.env;
if (!URL.canParse(MANAGER_URL))
  throw new Error('set MANAGER_URL and the others that README.md beside this file lists');

const { origin, pathname, username, password } = new URL(MANAGER_URL);
const DECRYPTED = `${origin}${pathname.replace(/\/+$/, '')}/callback/decrypted/${CORP_ID}`;
const BASIC = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
/** WeCom waits 5 s; the manager answers within 3. */
const ANSWER_LIMIT_MS = 4_500;

/** @typedef {{ status: number, text: string }} Answer */

class Refusal extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** What WeCom sealed. @param {URLSearchParams} query @param {string} encrypted @throws Refusal */
function open(query, encrypted) {
  const signed = [CALLBACK_TOKEN, query.get('timestamp') ?? '', query.get('nonce') ?? '', encrypted]
    .sort()
    .join('');
  const signature = Buffer.from(createHash('sha1').update(signed).digest('hex'));
  const given = Buffer.from((query.get('msg_signature') ?? '').padEnd(40)).subarray(0, 40);
  if (!timingSafeEqual(signature, given)) throw new Refusal(403, 'not signed with CALLBACK_TOKEN');
  const key = Buffer.from(`${ENCODING_AES_KEY}=`, 'base64');
  // WeCom pads to 32 bytes; OpenSSL's own check of the padding knows no more than 16.
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
  const [pad, messageEnd] = [plain.at(-1) ?? 0, 20 + plain.readUInt32BE(16)];
  const end = plain.length - pad;
  if (pad < 1 || pad > 32 || messageEnd > end) throw new Refusal(400, 'does not open with ENCODING_AES_KEY');
  if (plain.toString('utf8', messageEnd, end) !== CORP_ID) throw new Refusal(403, 'sealed for another corp');
  return plain.toString('utf8', 20, messageEnd);
}

/** @param {string} xml @param {string} name */
const textOf = (xml, name) => new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^<\\]]+)`).exec(xml)?.[1] ?? '';

/** Only news of a kf account is for puppets. @param {string} xml the opened event @returns {Promise<Answer>} */
async function forward(xml) {
  if (textOf(xml, 'Event') !== 'kf_msg_or_event') return { status: 200, text: 'success' };
  const response = await fetch(DECRYPTED, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(password && { authorization: BASIC }) },
    body: JSON.stringify({ token: textOf(xml, 'Token'), openKfId: textOf(xml, 'OpenKfId') }),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  }).catch((error) => {
    throw new Refusal(503, `the manager cannot be reached: ${error.cause ?? error}`);
  });
  const text = await response.text();
  if (response.status !== 200) throw new Refusal(response.status, text);
  return { status: 200, text: 'success' };
}

/** WeCom saves the callback URL (GET), or sends a callback (POST). @param {import('node:http').IncomingMessage} request */
async function answer(request) {
  const { searchParams } = new URL(`http://self${request.url}`);
  if (request.method === 'GET')
    return { status: 200, text: open(searchParams, searchParams.get('echostr') ?? '') };
  if (!(Number(request.headers['content-length']) <= 1_000_000)) throw new Refusal(413, 'too large');
  const body = Buffer.concat(await request.toArray()).toString();
  return forward(open(searchParams, textOf(body, 'Encrypt')));
}

const server = createServer(async (request, response) => {
  const { status, text } = await answer(request).catch((error) => {
    process.stdout.write(`not answered with 200: ${error.message}\n`);
    return { status: error instanceof Refusal ? error.status : 400, text: 'refused' };
  });
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
});

server.listen(Number(PORT), () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.stdout.write(`listening on port ${port}\n`);
});
