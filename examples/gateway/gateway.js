/**
 * A gateway in front of WXKF-Manager (docs/reference/protocol.md): it takes WeCom's callbacks itself, verifies and opens them, and
 * forwards what is in them. It keeps nothing: what the manager did not answer with 200, WeCom is not answered with 200
 * either, so that it sends it again.
 */
import { createServer } from 'node:http';
import { open, Refusal, readBody, readEvent, textOf } from '../callback.js';

const { MANAGER_URL, CORP_ID, PORT = '8081' } = process.env;
const { origin, pathname, username, password } = new URL(MANAGER_URL);
const DECRYPTED = `${origin}${pathname.replace(/\/$/, '')}/callback/decrypted/${CORP_ID}`;
const basic = password && { authorization: `Basic ${btoa(`${username}:${password}`)}` };
/** What WeCom has opened for it, digits; a captured callback opens as well, and is given to nobody. */
const ECHO = /^[A-Za-z0-9]{1,64}$/;
/** WeCom waits 5 s; the manager answers within 3. */
const ANSWER_LIMIT_MS = 4_500;

/** The manager's answer, whole. @throws Refusal 503 when there is none. */
async function tellManager(news) {
  try {
    const response = await fetch(DECRYPTED, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...basic },
      body: JSON.stringify(news),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new Refusal(503, `the manager does not answer: ${error.cause ?? error.message}`);
  }
}

/** Only news of a kf account are for puppets. */
async function forward({ event, token, openKfId, createTime }) {
  if (event !== 'kf_msg_or_event') return;
  const { status, text } = await tellManager({ token, openKfId, createTime });
  if (status !== 200) throw new Refusal(status, text);
}

/** The answer to a verification of the callback URL. @throws Refusal */
function openEcho(query) {
  const echo = open(query, query.get('echostr') ?? '');
  if (!ECHO.test(echo)) throw new Refusal(403, 'the echostr is no echo');
  return echo;
}

/** WeCom verifies the callback URL (GET), or sends a callback (POST). @returns the body of the answer */
async function answer(request) {
  const { searchParams } = new URL(`http://self${request.url}`);
  if (request.method === 'GET') return openEcho(searchParams);
  const body = await readBody(request);
  await forward(readEvent(open(searchParams, textOf(body, 'Encrypt'))));
  return 'success';
}

const server = createServer(async (request, response) => {
  response.setHeader('content-type', 'text/plain');
  try {
    response.end(await answer(request));
  } catch (error) {
    process.stdout.write(`not answered with 200: ${error.message}\n`);
    response.writeHead(error.status ?? 400).end('refused');
  }
});

server.listen(Number(PORT), () => {
  const { port } = /** @type {any} */ (server.address());
  process.stdout.write(`listening on port ${port}\n`);
});
