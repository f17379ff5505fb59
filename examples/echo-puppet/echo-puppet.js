/**
 * A complete bot on WXKF-Manager's protocol (docs/protocol.md): it answers each text of a customer with the same text.
 * It keeps its place in a file, so that a restart answers nothing twice; access tokens are the manager's affair.
 */
import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const { MANAGER_URL = '', CORP_ID = '', CORP_SECRET = '', KF_ID = '', KF_NAME = 'Echo' } = process.env;
const { CALLBACK_TOKEN = '', ENCODING_AES_KEY = '', PORT = '8080', SELF_URL } = process.env;
const { CURSOR_FILE = 'echo-puppet.json' } = process.env;
if (!URL.canParse(MANAGER_URL))
  throw new Error('set MANAGER_URL and the others that README.md beside this file lists');

const { origin, pathname, username, password } = new URL(MANAGER_URL);
const MANAGER = `${origin}${pathname.replace(/\/+$/, '')}/puppetWxkfManager`;
const BASIC = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
/** Errcodes that go by themselves: WeCom is busy, too many calls, a token that has just ended. */
const PASSING = [-1, 45009, 45033, 40014, 42001];

/** @param {string} text */
const say = (text) => void process.stdout.write(`${text}\n`);

/** `code` is an HTTP status or WeCom's errcode; of the manager's own errors they are the same. */
class Refusal extends Error {
  /** @param {number} code @param {string} text @param {number} [retryAfterS] */
  constructor(code, text, retryAfterS = 10) {
    super(`${code} ${text}`);
    this.code = code;
    this.retryAfterS = retryAfterS;
    this.isPassing = PASSING.includes(code) || (code > 400 && code < 600);
  }
}

/** @param {string} path @param {object} [body] @returns {Promise<any>} what the manager answers @throws Refusal */
async function ask(path, body) {
  const headers = { 'content-type': 'application/json', ...(password && { authorization: BASIC }) };
  const request = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const response = await fetch(`${MANAGER}/${path}`, {
    headers,
    ...request,
    signal: AbortSignal.timeout(60_000),
  });
  const answer = /** @type {any} */ (await response.json());
  const code = answer.errcode ?? answer.code;
  if (code === 0) return answer;
  throw new Refusal(code, answer.errmsg ?? answer.message, Number(response.headers.get('retry-after') ?? 10));
}

/** A manager that knows the caller adds the token; any other gives it, and keeps it good. @param {string} api @param {object} body */
async function callWecom(api, body) {
  if (password) return ask(`wxkfRequestProxy/${api}?corpid=${CORP_ID}&openKfId=${KF_ID}`, body);
  const secret = new URLSearchParams({ corpid: CORP_ID, corpsecret: CORP_SECRET });
  const { access_token } = await ask(`getToken?${secret}`);
  return ask(`wxkfRequestProxy/${api}?access_token=${access_token}`, body);
}

/**
 * `cursor` is how far it has read, `answered` the latest msgids; what was written before `sinceS` is not its affair.
 * @type {{ cursor: string, sinceS: number, answered: string[] }}
 */
let memory = existsSync(CURSOR_FILE)
  ? JSON.parse(readFileSync(CURSOR_FILE, 'utf8'))
  : { cursor: '', sinceS: Math.floor(Date.now() / 1_000) - 600, answered: [] };

/** The file is whole at any moment: it is written beside and put in place. @param {Partial<typeof memory>} change */
function remember(change) {
  memory = { ...memory, ...change };
  writeFileSync(`${CURSOR_FILE}.new`, JSON.stringify(memory), { flush: true });
  renameSync(`${CURSOR_FILE}.new`, CURSOR_FILE);
}

/** @param {any} message of sync_msg */
async function answerOnce({ msgid, origin: from, send_time, external_userid, text }) {
  const isCustomers = from === 3 && text !== undefined;
  if (!isCustomers || send_time < memory.sinceS || memory.answered.includes(msgid)) return;
  const to = { touser: external_userid, open_kfid: KF_ID };
  // A reply that is repeated, since nobody knows whether it got through, has the same id; its text has at most 2,048 bytes.
  const id = createHash('sha256').update(msgid).digest('hex').slice(0, 32);
  const content = `Echo: ${text.content.slice(0, 600)}`;
  try {
    await callWecom('kf/send_msg', { ...to, msgid: id, msgtype: 'text', text: { content } });
  } catch (error) {
    if (!(error instanceof Refusal) || error.isPassing) throw error;
    say(`${msgid} cannot be answered: ${error.message}`);
  }
  remember({ answered: [...memory.answered, msgid].slice(-1_000) });
  say(`done with ${msgid}`);
}

/** Reads to the end of what there is. @param {string} token */
async function pull(token) {
  for (let hasMore = true; hasMore && !isStopping; ) {
    const from = { open_kfid: KF_ID, cursor: memory.cursor, token: token || undefined };
    const page = await callWecom('kf/sync_msg', from);
    for (const message of page.msg_list) await answerOnce(message);
    remember({ cursor: page.next_cursor });
    hasMore = page.has_more === 1;
  }
}

/** The sync token of the newest event that no pull has begun with. @type {string | null} */
let news = null;
let isPulling = false;
let isStopping = false;

/** One pull at a time; what comes meanwhile makes it go once more. @param {string} token of the event, or '' */
async function sync(token) {
  news = token || news || '';
  if (isPulling) return;
  isPulling = true;
  while (news !== null && !isStopping) {
    const current = news;
    news = null;
    await pull(current).catch((error) => {
      const { retryAfterS = 10 } = error;
      say(`reading goes on in ${retryAfterS} s: ${error.message}`);
      setTimeout(sync, 1_000 * retryAfterS, current);
    });
  }
  isPulling = false;
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

/** Both forms of an event. @param {URL} url @param {string} body @returns {{ token?: string, openKfId: string }} */
function readEvent(url, body) {
  if (url.pathname.endsWith('/callback/decrypted')) return JSON.parse(body);
  const xml = open(url.searchParams, textOf(body, 'Encrypt'));
  return { token: textOf(xml, 'Token'), openKfId: textOf(xml, 'OpenKfId') };
}

/** Answers at once; the work is done afterwards. @param {import('node:http').IncomingMessage} request @returns {Promise<number>} status */
async function take(request) {
  if (!(Number(request.headers['content-length']) <= 100_000)) return 413;
  const body = Buffer.concat(await request.toArray()).toString();
  const { token = '', openKfId } = readEvent(new URL(`http://self${request.url}`), body);
  if (openKfId !== KF_ID) return 404;
  void sync(token);
  return 200;
}

/** Until the manager has taken it. @param {string} endpoint */
async function register(endpoint) {
  const keys = { corpSecret: CORP_SECRET, token: CALLBACK_TOKEN, encodingAESKey: ENCODING_AES_KEY };
  for (let waitS = 1; ; waitS = Math.min(2 * waitS, 30)) {
    try {
      return await ask('register', { kfId: KF_ID, kfName: KF_NAME, endpoint, corpId: CORP_ID, ...keys });
    } catch (error) {
      say(`not registered, again in ${waitS} s: ${error}`);
      await delay(1_000 * waitS);
    }
  }
}

/** What is under way is brought to its end. @param {string} endpoint */
async function leave(endpoint) {
  isStopping = true;
  await ask('deregister', { kfId: KF_ID, corpId: CORP_ID, endpoint }).catch((error) => say(`${error}`));
  while (isPulling) await delay(50);
  process.exit(0);
}

const server = createServer(async (request, response) => {
  const status = await take(request).catch((error) => (error instanceof Refusal ? error.code : 400));
  if (status !== 200) say(`refused with ${status}: ${request.method} ${request.url}`);
  response.writeHead(status).end(status === 200 ? 'success' : '');
});

server.listen(Number(PORT), SELF_URL ? '0.0.0.0' : '127.0.0.1', async () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const endpoint = SELF_URL ?? `http://127.0.0.1:${port}`;
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void leave(endpoint));
  await register(endpoint);
  say(`registered ${KF_ID} at ${endpoint}`);
  // What came before it went, or while it was away.
  await sync('');
});
