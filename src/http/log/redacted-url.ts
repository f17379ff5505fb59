/**
 * The values of these parameters are shown: they help to find a request and carry no secret. All other values
 * are hidden.
 */
const SHOWN = new Set(['corpid', 'timestamp', 'nonce', 'msg_signature', 'type', 'debug']);

/** It is followed by the id of an app, or by something that was mistaken for it, such as its key. */
const APPS = /^\/+api\/+v1\/+apps\/+/;
const APP_ID = /^((file-)?[\w-]{22})?$/;

/** It is followed by the key of a bot. */
const BOT = /^\/+bot(\/+|$)/;
/** The key of a bot, wherever it stands. */
const BOT_KEY = /wxkf_[\w-]*/g;

/** Longer than any valid request URL. */
const LENGTH_MAX = 512;

/**
 * Path and query for the log. Everything unexpected is hidden, since it may contain a secret. A long URL ends with `…`; it
 * is cut last, since half a secret may look like something harmless.
 */
export function redactUrl(url: string): string {
  const redacted = withoutBotKeys(redactWhole(url));
  return redacted.length <= LENGTH_MAX ? redacted : `${redacted.slice(0, LENGTH_MAX)}…`;
}

export function withoutBotKeys(text: string): string {
  return text.replaceAll(BOT_KEY, '***');
}

function redactWhole(url: string): string {
  const queryAt = url.indexOf('?') + 1;
  const path = redactPath(queryAt === 0 ? url : url.slice(0, queryAt - 1));
  if (queryAt === 0) return path;
  return `${path}?${url.slice(queryAt).split('&').map(redactParameter).join('&')}`;
}

function redactPath(path: string): string {
  const [bot] = BOT.exec(path) ?? [];
  if (bot !== undefined) return `${bot}***${redactPath(path.slice(bot.length).replace(/^[^/]*/, ''))}`;
  const [apps] = APPS.exec(path) ?? [];
  if (apps !== undefined && !APP_ID.test(path.slice(apps.length))) return `${apps}***`;
  const end = path.search(/[^A-Za-z0-9/._~-]/);
  return end === -1 ? path : `${path.slice(0, end)}***`;
}

function redactParameter(parameter: string): string {
  const [, name = '', value = ''] = /^(\w+)=([\w.-]*)$/.exec(parameter) ?? [];
  if (SHOWN.has(name)) return `${name}=${value}`;
  const [named = ''] = /^\w{1,32}=/.exec(parameter) ?? [];
  return `${named}***`;
}
