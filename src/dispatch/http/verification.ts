import { randomInt } from 'node:crypto';
import type { Dispatcher as Undici } from 'undici';
import { signatureOf } from '../../crypto/wecom-cipher.js';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import { isOpen, pulls } from '../../registry/bots/bot.js';
import type { CallbackBot, KnownBot } from '../../registry/bots/known-bots.js';
import type { CallbackUrl } from '../../registry/endpoint/endpoint.js';
import type { NoAnswer, ShownAttempt, VerificationResult } from '../endpoint/carrier.js';
import type { AttemptResult } from '../endpoint/attempt.js';
import { WecomForm } from './wecom-form.js';

/** WeCom waits 5 s for the answer when a URL is saved. */
const VERIFY_LIMIT_MS = 5_000;

/** The request of a verification, and how long its answer may take. */
export interface EchoRequest {
  readonly url: CallbackUrl;
  readonly request: Undici.DispatchOptions;
  readonly limitMs: number;
}

/**
 * Asks a bot what WeCom asks when a callback URL is saved.
 * @throws AppError `BOT_UNVERIFIABLE`; `REQUEST_INVALID` for a bot whose form is json
 */
export async function askForEcho(
  bot: KnownBot,
  clock: Clock,
  ask: (asked: EchoRequest) => ShownAttempt,
): Promise<VerificationResult> {
  if (bot.kind !== 'callback') throw new AppError('BOT_UNVERIFIABLE');
  if (!pulls(bot)) throw new AppError('REQUEST_INVALID', { detail: NO_ECHO_IN_JSON });
  if (!isOpen(bot)) throw new AppError('BOT_UNVERIFIABLE');
  const { endpoint } = bot;
  if ('must' in endpoint)
    return { fault: `its url must ${endpoint.must}`, status: null, noAnswer: null, durationMs: 0 };
  const echo = String(randomInt(10 ** 14, 2 ** 47));
  const startedMs = clock.elapsedMs();
  const request = echoRequest(bot, echo, clock.nowMs());
  const attempt = ask({ url: endpoint, request, limitMs: VERIFY_LIMIT_MS });
  const result = await attempt.result;
  const durationMs = clock.elapsedMs() - startedMs;
  const answer = await attempt.whenAnswered();
  const status = answer?.status ?? null;
  const said = { status, noAnswer: result.taken ? null : noAnswerOf(result), durationMs };
  const body = answer?.body ?? '';
  if (body.includes('CALLBACK_FROM_MANAGER')) return { ...said, fault: OWN_URL };
  if (body.trim().replace(/^"(.*)"$/, '$1') === echo && result.taken) return { ...said, fault: null };
  const words = shownWords(body, bot.secrets);
  const what = result.taken ? 'it answered without the opened echo' : result.reason;
  const missing = missingHeader(bot, endpoint, words);
  const remedy = missing ?? (result.taken ? OF_NO_ECHO : remedyOf(status, said.noAnswer));
  return { ...said, fault: `${what}${words === '' ? '' : `: "${words}"`}; ${remedy}` };
}

const NO_ECHO_IN_JSON =
  'a bot with callback.form json has nothing to verify, since it gets no callback of WeCom; have a customer write, and see whether the bot takes the message';

const OWN_URL = "its url is a manager's own callback URL; give the bot its program's URL";

const OF_KEYS = 'compare token, EncodingAESKey and receive id in its settings with those of the bot here';
const OF_NO_ECHO = `${OF_KEYS}, and the path of the URL`;

const REMEDIES: Readonly<Record<NoAnswer, string>> = {
  refused: 'nobody listens there: start the bot, and compare host and port of its URL',
  unreachable: 'compare host and port of its URL, and have firewalls let the manager through to them',
  name: 'the host of its URL has no address: compare its spelling, and whether the manager can look it up',
  tls: 'compare http and https in its URL; with https its certificate has to be valid for the host',
  reset:
    'the program is there and broke the connection: its own log says why; compare http and https in its URL',
  timeout: 'the program is there and said nothing in time: its own log says what it waits for',
};

function remedyOf(status: number | null, noAnswer: NoAnswer | null): string {
  if (noAnswer !== null) return REMEDIES[noAnswer];
  if (status === null) return 'compare host and port of its URL';
  if (status === 404 || status === 405)
    return 'compare the path of the URL with the one that the program listens at';
  return status >= 500 ? `the program failed: read its own log, and ${OF_KEYS}` : OF_KEYS;
}

/** Node's error codes for a name that has no address. */
const NO_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const UNREACHABLE = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);
const OF_TLS = /^(ERR_TLS|ERR_SSL|EPROTO)|CERT|UNABLE_TO_|SIGNATURE/;

function noAnswerOf({ stage, code = '' }: AttemptResult & { taken: false }): NoAnswer | null {
  if (OF_TLS.test(code)) return 'tls';
  if (stage === 'reset' || stage === 'timeout') return stage;
  if (stage !== 'connect') return null;
  if (code === 'ECONNREFUSED') return 'refused';
  if (NO_NAME.has(code)) return 'name';
  // The time of the whole attempt was over before there was a connection.
  return UNREACHABLE.has(code) || code === '' ? 'unreachable' : null;
}

/** Programs that answer nothing without a header of their own; the table in docs/bots.md has them too. */
const HEADERS_OF_PROGRAMS = [{ path: '/share/v1/app/wechat/service', header: 'X-KB-ID', says: /kb_id/i }];
const A_HEADER = /\bX-[A-Za-z0-9-]{2,40}\b/i;

/** The remedy for a header that the program seems to ask for; `null` where it asks for none, or the bot has it. */
function missingHeader({ secrets }: CallbackBot, { path }: CallbackUrl, words: string): string | null {
  const known = HEADERS_OF_PROGRAMS.find((one) => path.startsWith(one.path) || one.says.test(words));
  const header = known?.header ?? A_HEADER.exec(words)?.[0];
  const given = Object.keys(secrets.headers).map((name) => name.toLowerCase());
  if (header === undefined || given.includes(header.toLowerCase())) return null;
  return `the program needs the header ${header}: add it to callback.headers of the bot`;
}

const WORDS_MAX = 200;
const SECRET_LENGTH_MIN = 4;
/** Text that may be a key or a token of anybody. */
const LIKE_A_SECRET = /[A-Za-z0-9+/_=-]{32,}/g;

/** What the program said, without tags, control characters and anything that may be a secret. */
function shownWords(body: string, secrets: CallbackBot['secrets']): string {
  let words = unescaped(body);
  if (words.trimStart().startsWith('<'))
    words = words.replace(/<(script|style)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ');
  for (const secret of secretsIn(secrets)) words = words.replaceAll(secret, '***');
  words = words
    .replace(LIKE_A_SECRET, '***')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX)} …` : words;
}

/** Many programs write JSON in ASCII. */
function unescaped(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}

function secretsIn({ url, headers, ...others }: CallbackBot['secrets']) {
  const query = URL.parse(url.reveal())?.searchParams.values() ?? [];
  const secrets = [...Object.values(others), ...Object.values(headers)];
  const texts = [...secrets.map((secret) => secret.reveal()), ...query];
  return texts.filter((text) => text.length >= SECRET_LENGTH_MIN).sort((a, b) => b.length - a.length);
}

function echoRequest(bot: CallbackBot, echo: string, nowMs: number): Undici.DispatchOptions {
  const form = new WecomForm(bot);
  const [timestamp, nonce] = [String(Math.floor(nowMs / 1_000)), String(randomInt(10 ** 9, 10 ** 10))];
  const echostr = form.envelope.sealText(echo);
  const signature = signatureOf(form.envelope.callbackToken, timestamp, nonce, echostr);
  const query = `msg_signature=${signature}&timestamp=${timestamp}&nonce=${nonce}&echostr=${encodeURIComponent(echostr)}`;
  return {
    method: 'GET',
    path: form.pathWith(query),
    headers: ['x-wxkf-attempt', '0', ...form.headers],
    body: null,
  };
}
