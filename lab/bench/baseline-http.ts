/**
 * The least that can be written by hand for the same work, and so the price of everything the product adds. It verifies, opens and forwards, and answers 200 once the puppet took the event. It
 * refuses to grow: no log, no store, no retry, no limits, so it is a yardstick and not a service.
 */
import { createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';

type Account = { corpId: string; openKfId: string; endpoint: string; token: string; encodingAESKey: string };
type Corp = { token: string; key: KeyObject; iv: Buffer };
type Puppet = { pool: Pool; path: string };

const corps = new Map<string, Corp>();
const puppets = new Map<string, Puppet>();
const pools = new Map<string, Pool>();
const accountsFile = process.env.ACCOUNTS_FILE ?? '';

for (const account of JSON.parse(readFileSync(accountsFile, 'utf8')) as Account[]) {
  const key = Buffer.from(`${account.encodingAESKey}=`, 'base64');
  corps.set(account.corpId, { token: account.token, key: createSecretKey(key), iv: key.subarray(0, 16) });
  const { origin, pathname } = new URL(account.endpoint);
  const pool = pools.get(origin) ?? new Pool(origin);
  pools.set(origin, pool);
  puppets.set(account.openKfId, { pool, path: `${pathname.replace(/\/$/, '')}/callback` });
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`answered ${status}`);
    this.status = status;
  }
}

/** The text of `<name>`, with or without CDATA. */
function textOf(xml: string, name: string): string {
  const start = xml.indexOf(`<${name}>`);
  const end = xml.indexOf(`</${name}>`, start);
  if (start < 0 || end < 0) throw new Refusal(400);
  const text = xml.slice(start + name.length + 2, end).trim();
  return text.startsWith('<![CDATA[') ? text.slice(9, -3) : text;
}

/** The event's XML. @throws Refusal 400 when the padding, the length or the receiveId is wrong. */
function open(corp: Corp, corpId: string, encrypted: string): string {
  const decipher = createDecipheriv('aes-256-cbc', corp.key, corp.iv);
  decipher.setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
  const padding = plain[plain.length - 1] ?? 0;
  if (padding < 1 || padding > 32 || plain.length < 20 + padding) throw new Refusal(400);
  const end = 20 + plain.readUInt32BE(16);
  if (end > plain.length - padding) throw new Refusal(400);
  if (plain.toString('utf8', end, plain.length - padding) !== corpId) throw new Refusal(403);
  return plain.toString('utf8', 20, end);
}

async function accept(url: string, body: string): Promise<void> {
  const queryStart = url.indexOf('?');
  const corpId = url.slice('/callback/'.length, queryStart);
  const corp = corps.get(corpId);
  if (!corp) throw new Refusal(404);

  const query = new URLSearchParams(url.slice(queryStart + 1));
  const encrypted = textOf(body, 'Encrypt');
  const signed = [corp.token, query.get('timestamp'), query.get('nonce'), encrypted].sort().join('');
  if (createHash('sha1').update(signed).digest('hex') !== query.get('msg_signature')) throw new Refusal(403);

  const event = open(corp, corpId, encrypted);
  if (textOf(event, 'Event') !== 'kf_msg_or_event') return;
  const puppet = puppets.get(textOf(event, 'OpenKfId'));
  if (!puppet) throw new Refusal(404);

  const answer = await puppet.pool.request({
    method: 'POST',
    path: puppet.path + url.slice(queryStart),
    headers: { 'content-type': 'text/xml' },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299) throw new Refusal(503);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': text.length });
  response.end(text);
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  // Whoever started it asks whether it is ready.
  if (request.method === 'GET') return answer(response, 200, 'ready');
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    accept(request.url ?? '', Buffer.concat(chunks).toString()).then(
      () => answer(response, 200, 'success'),
      (error: unknown) => answer(response, error instanceof Refusal ? error.status : 503, String(error)),
    );
  });
}

createServer(handle).listen(Number(process.env.PORT), '127.0.0.1');
