/** A bot that WXKF-Manager gives messages (docs/messages.md): it answers each text with the same text. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { MANAGER_URL, BOT_KEY, SIGNING_SECRET, CORP_ID, CORP_SECRET, KF_ID, PORT, SELF_URL } = process.env;

async function call(path: string, json?: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${BOT_KEY}`, 'content-type': 'application/json' };
  const post = json && { method: 'POST', body: JSON.stringify(json) };
  const response = await fetch(MANAGER_URL + path, { headers, ...post });
  if (!response.ok) throw new Error(await response.text());
  return Object(await response.json());
}

function isSigned(id: string, at: string, signature: string, body: string): boolean {
  const key = Buffer.from(SIGNING_SECRET.replace('whsec_', ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest();
  const given = Buffer.from(signature.replace('v1,', ''), 'base64');
  const isRecent = Math.abs(Date.now() / 1_000 - Number(at)) < 300;
  return isRecent && given.length === mac.length && timingSafeEqual(given, mac);
}

/** @param msgid is the same for every attempt of a message, so that WeCom sends no second reply. */
async function take({ msgtype, external_userid: touser, text }: Record<string, unknown>, msgid: string) {
  if (msgtype !== 'text') return;
  const { access_token } = await call(`/cgi-bin/gettoken?corpid=${CORP_ID}&corpsecret=${CORP_SECRET}`);
  const reply = { touser, open_kfid: KF_ID, msgid, msgtype, text };
  await call(`/cgi-bin/kf/send_msg?access_token=${access_token}`, reply);
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray().catch(() => [])).toString();
  const [id, at, mac] = ['id', 'timestamp', 'signature'].map((n) => String(request.headers[`webhook-${n}`]));
  if (!isSigned(id, at, mac, body)) response.writeHead(401);
  else await take(JSON.parse(body), id).catch(() => response.writeHead(503));
  response.end();
}).listen(Number(PORT ?? 8080));
const endpoint = SELF_URL ?? `http://127.0.0.1:${Object(server.address()).port}`;
const bot = { kfId: KF_ID, kfName: 'Echo', endpoint, corpId: CORP_ID, corpSecret: CORP_SECRET };
await call('/puppetWxkfManager/register', { ...bot, takes: 'message' });
