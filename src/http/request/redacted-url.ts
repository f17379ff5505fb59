import { toRequestPath } from './request-path.js';

/**
 * The values of these parameters are shown: they help to find a request and carry no secret. All other values
 * are hidden.
 */
const SHOWN = new Set(['corpid', 'timestamp', 'nonce', 'msg_signature', 'type', 'debug']);

/** Comes before the id of an app. By mistake something else may follow, such as the app's key. */
const APPS = /^\/+api\/+v1\/+apps\/+/;
const APP_ID = /^((file-)?[\w-]{22})?$/;

/** Comes before the key of a bot. */
const BOT = /^\/+bot(\/+|$)/;
/** The key of a bot or the token of an operator, wherever it stands. */
const KEY = /wx(?:kf|op)_[\w-]*/g;

/** Longer than any valid request URL. */
const LENGTH_MAX = 512;

/**
 * Path and query for the log. Everything unexpected is hidden, since it may contain a secret. A long URL ends with `…`; it
 * is cut last, since half a secret may look like something harmless.
 */
export function redactUrl(url: string): string {
  const redacted = withoutKeys(redactWhole(url));
  return redacted.length <= LENGTH_MAX ? redacted : `${redacted.slice(0, LENGTH_MAX)}…`;
}

/**
 * The path as it came, with its ids, for the record of who did what. A secret in the place of an id is hidden, however it is
 * percent-encoded. Scheme, host, query and fragment are left out.
 */
export function pathWithoutSecrets(url: string): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  const plain = toRequestPath(path);
  const safe = withoutKeys(redactAppId(plain) ?? plain);
  return safe === plain ? path : safe;
}

export function withoutKeys(text: string): string {
  return text.replaceAll(KEY, '***');
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
  const ofApp = redactAppId(path);
  if (ofApp !== null) return ofApp;
  const end = path.search(/[^A-Za-z0-9/._~-]/);
  return end === -1 ? path : `${path.slice(0, end)}***`;
}

/** @returns the path with the id hidden; `null` when it has no id of an app, or one that may be shown. */
function redactAppId(path: string): string | null {
  const [apps] = APPS.exec(path) ?? [];
  return apps === undefined || APP_ID.test(path.slice(apps.length)) ? null : `${apps}***`;
}

function redactParameter(parameter: string): string {
  const [, name = '', value = ''] = /^(\w+)=([\w.-]*)$/.exec(parameter) ?? [];
  if (SHOWN.has(name)) return `${name}=${value}`;
  const [named = ''] = /^\w{1,32}=/.exec(parameter) ?? [];
  return `${named}***`;
}
