/**
 * A complete bot on WXKF-Manager's protocol (docs/reference/protocol.md): it answers each text of a customer with the same text.
 * How far it has read and what it answered is in a file, so that a restart loses nothing and answers nothing twice.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { open, Refusal, readBody, readEvent, textOf } from '../callback.js';

const { MANAGER_URL, CORP_ID, CORP_SECRET, KF_ID, KF_NAME = 'Echo', SELF_URL } = process.env;
const { CALLBACK_TOKEN, ENCODING_AES_KEY, PORT = '8080', CURSOR_FILE = 'echo-puppet.json' } = process.env;
const { origin, pathname, username, password } = new URL(MANAGER_URL);
const basic = password && { authorization: `Basic ${btoa(`${username}:${password}`)}` };
const secret = new URLSearchParams({ corpid: CORP_ID, corpsecret: CORP_SECRET });
const keys = { corpSecret: CORP_SECRET, token: CALLBACK_TOKEN, encodingAESKey: ENCODING_AES_KEY };
/** Errcodes about one reply: not valid or sent before, customer unknown, 5 sent, 48 h over, ended, not the bot's turn. */
const UNANSWERABLE = [40058, 40096, 95001, 95002, 95013, 95018, 95026];
const TOO_OFTEN = [45009, 45033];

const say = (text) => process.stdout.write(`${text}\n`);

/** Asks the manager. Errors have its `code`: of WeCom's answers the errcode, else the HTTP status. */
async function ask(path, body) {
  const response = await fetch(`${origin}${pathname.replace(/\/$/, '')}/puppetWxkfManager/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json', ...basic },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const answer = /** @type {any} */ (await response.json());
  const code = answer.errcode ?? answer.code;
  if (code === 0) return answer;
  const retryAfterS = Number(response.headers.get('retry-after')) || (TOO_OFTEN.includes(code) ? 60 : 0);
  throw Object.assign(new Error(`${code} ${answer.errmsg ?? answer.message}`), { code, retryAfterS });
}

async function callWecom(api, body) {
  const { access_token } = await ask(`getToken?${secret}`);
  return ask(`wxkfRequestProxy/${api}?access_token=${access_token}`, body);
}

/** Until it is done: again after a second, and then less and less often. */
async function insist(what, work) {
  for (let waitS = 1; ; waitS = Math.min(2 * waitS, 60)) {
    try {
      return await work();
    } catch (error) {
      const afterS = Math.max(waitS, error.retryAfterS ?? 0);
      say(`${what}, again in ${afterS} s: ${error.cause ?? error.message}`);
      await delay(1_000 * afterS);
    }
  }
}

/** `answered` has the latest msgids; what was written before `sinceS` is not its affair. */
let memory = { cursor: '', answered: [], sinceS: Date.now() / 1_000 - 600 };
if (existsSync(CURSOR_FILE)) memory = JSON.parse(readFileSync(CURSOR_FILE, 'utf8'));
else remember({});

/** The file is whole at any moment: it is written beside and put in place. */
function remember(change) {
  memory = { ...memory, ...change };
  writeFileSync(`${CURSOR_FILE}.new`, JSON.stringify(memory), { flush: true });
  renameSync(`${CURSOR_FILE}.new`, CURSOR_FILE);
}

async function answerOnce({ msgid, origin, send_time, external_userid, text }) {
  const isForUs = origin === 3 && text !== undefined && send_time >= memory.sinceS;
  if (!isForUs || memory.answered.includes(msgid)) return;
  // The reply has the same id when it is repeated because nobody knows whether it got through.
  const id = createHash('sha256').update(msgid).digest('hex').slice(0, 32);
  // It may have 2,048 bytes. A character has up to 4, and is not cut in two.
  const content = `Echo: ${[...text.content].slice(0, 500).join('')}`;
  const reply = { touser: external_userid, open_kfid: KF_ID, msgid: id, msgtype: 'text', text: { content } };
  await callWecom('kf/send_msg', reply).catch((error) => {
    if (!UNANSWERABLE.includes(error.code)) throw error;
    say(`${msgid} cannot be answered: ${error.message}`);
  });
  remember({ answered: [...memory.answered, msgid].slice(-1_000) });
  say(`done with ${msgid}`);
}

let news = { token: '', atMs: 0 };
let read = news;
let isPulling = false;

/** One pull at a time, and one more for all that came meanwhile or before a failed one is repeated. */
async function sync(token) {
  news = token ? { token, atMs: Date.now() } : { ...news };
  if (isPulling) return;
  isPulling = true;
  while (read !== news) await insist('not read to the end', pull);
  isPulling = false;
}

/** Reads to the end of what there is. A sync token is good for 10 minutes. */
async function pull() {
  const current = news;
  let page;
  do {
    const token = Date.now() < current.atMs + 600_000 ? current.token : '';
    page = await callWecom('kf/sync_msg', { open_kfid: KF_ID, cursor: memory.cursor, token });
    for (const message of page.msg_list) await answerOnce(message);
    remember({ cursor: page.next_cursor });
  } while (page.has_more === 1);
  read = current;
}

/** Takes an event of either form, and answers before the work is done. @throws Refusal */
async function take(request) {
  const { pathname, searchParams } = new URL(`http://self${request.url}`);
  const body = await readBody(request);
  const isOpened = pathname.endsWith('/callback/decrypted');
  const { token, openKfId } = isOpened
    ? JSON.parse(body)
    : readEvent(open(searchParams, textOf(body, 'Encrypt')));
  if (openKfId !== KF_ID) throw new Refusal(404, 'not for KF_ID');
  sync(token);
}

const server = createServer(async (request, response) => {
  const error = await take(request).catch((thrown) => thrown);
  if (error) say(`refused: ${error.message}`);
  response.writeHead(error ? (error.status ?? 400) : 200).end();
});
server.listen(Number(PORT), SELF_URL ? '0.0.0.0' : '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {any} */ (server.address());
const endpoint = SELF_URL ?? `http://127.0.0.1:${port}`;
const account = { kfId: KF_ID, corpId: CORP_ID, endpoint };

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, async () => {
    await ask('deregister', account).catch((error) => say(error.message));
    for (let times = 0; isPulling && times < 100; times++) await delay(50);
    process.exit(0);
  });
await insist('not registered', () => ask('register', { ...account, kfName: KF_NAME, ...keys }));
say(`registered ${KF_ID} at ${endpoint}`);
sync(''); // What came while it was away.
