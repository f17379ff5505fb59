import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { MANAGER_URL, BOT_KEY, SIGNING_SECRET, CORP_ID, PORT } = process.env;

function isSigned(body, headers) {
  const [id, at, given] = ['id', 'timestamp', 'signature'].map((name) => String(headers[`webhook-${name}`]));
  const key = Buffer.from(SIGNING_SECRET.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest();
  const sent = Buffer.from(given.replace('v1,', ''), 'base64');
  const isSame = sent.length === expected.length && timingSafeEqual(sent, expected);
  return isSame && Math.abs(Date.now() / 1000 - Number(at)) < 300;
}

const DONE = /^(0|40058|40096|950\d\d)$/; // Sent, or never to be: WeCom had it, or the customer may not be written to.

async function reply({ msgtype, external_userid: touser, open_kfid, text }, msgid) {
  if (msgtype !== 'text') return;
  const headers = { authorization: `Bearer ${BOT_KEY}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ touser, open_kfid, msgid, msgtype, text });
  const url = `${MANAGER_URL}/cgi-bin/kf/send_msg?corpid=${CORP_ID}`;
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(await answer.text());
  const { errcode, errmsg } = Object(await answer.json());
  if (errcode !== 0) process.stderr.write(`${msgid} is not answered: ${errcode} ${errmsg}\n`);
  if (!DONE.test(errcode)) throw new Error('The message is to come again.');
}

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray().catch(() => [])).toString();
  if (!isSigned(body, request.headers)) response.writeHead(401);
  else await reply(JSON.parse(body), request.headers['webhook-id']).catch(() => response.writeHead(503));
  response.end();
}).listen(Number(PORT ?? 8080));
