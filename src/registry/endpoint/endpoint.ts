import { ENDPOINT_LENGTH_MAX } from '../../kernel/wecom-format.js';

/** Where a puppet is reached. */
export interface Endpoint {
  /** Scheme, host and port. Sockets are pooled by it. */
  readonly origin: string;
  /** A name in ASCII or an address, normalized; IPv6 without brackets. */
  readonly host: string;
  /** Path without a slash at its end, `''` for none: `/callback` follows it. */
  readonly basePath: string;
  /**
   * Origin and path, normalized: equal for the same endpoint, however it was written. A bot's has the bot's id as fragment, see
   * `ofBot`. Circuits are kept by it, and hints wait by it.
   */
  readonly href: string;
}

/** Where a callback bot takes callbacks. */
export interface CallbackUrl extends Endpoint {
  /** The whole path, as it was given. */
  readonly path: string;
  /** Without its question mark, `''` for none. May hold a secret. */
  readonly query: string;
}

/** What is wrong with an endpoint. */
export interface EndpointFault {
  /** To follow "must". */
  readonly must: string;
}

export function readEndpoint(text: string): Endpoint | EndpointFault {
  if (/[?#]/.test(text)) return { must: 'end with its path, without a query or fragment' };
  const url = readUrl(text);
  return 'must' in url ? url : toEndpoint(url);
}

/** The URL may have a query, but not with the parameters that each callback adds. */
export function readCallbackUrl(text: string): CallbackUrl | EndpointFault {
  if (text.includes('#')) return { must: 'end with its path or query, without a fragment' };
  const url = readUrl(text);
  if ('must' in url) return url;
  const taken = [...url.searchParams.keys()].filter((name) => CALLBACK_PARAMETERS.has(name));
  if (taken.length > 0)
    return { must: `not have ${taken.join(' or ')} in its query, which each callback adds` };
  return { ...toEndpoint(url), path: url.pathname, query: url.search.slice(1) };
}

/** Shown in place of a query, which may hold a secret. */
const HIDDEN_QUERY = '***';

/** The URL with `***` in place of its query. */
export function shownUrl({ origin, path, query }: CallbackUrl): string {
  return `${origin}${path}${query === '' ? '' : `?${HIDDEN_QUERY}`}`;
}

/** Whether the text ends with `***` in place of a query, as `shownUrl` writes it. */
export function isShownUrl(text: string): boolean {
  return text.trim().endsWith(`?${HIDDEN_QUERY}`);
}

/**
 * Makes `href` different for each bot, by the bot's id as fragment. Bots may share origin and path and differ in query or
 * headers alone, and a bot that fails must not hold back the others. A URL that was read has no fragment of its own.
 */
export function ofBot(url: CallbackUrl, botId: string): CallbackUrl {
  return { ...url, href: `${url.href}#${botId}` };
}

/** The origin of `pullEndpointOf`. */
export const PULL_ORIGIN = 'wecom://kf';

/** Stands for an endpoint, for the events of a bot that takes messages. They are not sent: the manager pulls the messages. */
export function pullEndpointOf(botId: string): Endpoint {
  const origin = PULL_ORIGIN;
  return { origin, host: '', basePath: '/sync_msg', href: `${origin}/sync_msg#${botId}` };
}

/** The origin of `streamEndpointOf`. */
export const STREAM_ORIGIN = 'wxkf://stream';

/**
 * Stands for an endpoint, for the stream that a client of the bot has opened. What waits there is claimed by the replica that has
 * the stream: see `streamsAt`.
 */
export function streamEndpointOf(botId: string, clientId: string, replicaId: string): Endpoint {
  const basePath = `/${encodeURIComponent(clientId)}`;
  const href = `${STREAM_ORIGIN}${basePath}#${botId}${streamsAt(replicaId)}`;
  return { origin: STREAM_ORIGIN, host: '', basePath, href };
}

/** The same, while no client of the bot has a stream open. */
export function unconnectedEndpointOf(botId: string): Endpoint {
  return { origin: STREAM_ORIGIN, host: '', basePath: '', href: `${STREAM_ORIGIN}#${botId}` };
}

/** How the `href` of each stream ends that the replica has. */
export function streamsAt(replicaId: string): string {
  return `@${replicaId}`;
}

export function isStream({ origin }: Pick<Endpoint, 'origin'>): boolean {
  return origin === STREAM_ORIGIN;
}

/** The bot whose endpoint has this `href`; `null` for a puppet's. */
export function botIdOf(href: string): string | null {
  return href.split('#', 2)[1]?.split('@', 1)[0] ?? null;
}

/** The `href` of an endpoint as it may be shown: without the ids of its bot and its replica. */
export function toAddress(href: string): string {
  return href.split('#', 1)[0] ?? '';
}

const CALLBACK_PARAMETERS = new Set(['msg_signature', 'timestamp', 'nonce', 'echostr']);

function toEndpoint(url: URL): Endpoint {
  const basePath = url.pathname.replace(/\/+$/, '');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { origin: url.origin, host, basePath, href: url.origin + basePath };
}

function readUrl(text: string): URL | EndpointFault {
  const url = URL.parse(text);
  if (url === null || !/^\s*https?:\/\//i.test(text)) {
    return { must: 'be a URL like http://host:port or https://host/path' };
  }
  if (url.username !== '' || url.password !== '') return { must: 'not carry a user name or password' };
  // A URL parser drops control characters, and takes a backslash for a slash.
  if (/[\p{Cc}\\]/u.test(text.trim())) return { must: 'not contain control characters or backslashes' };
  if (text.length > ENDPOINT_LENGTH_MAX || url.href.length > ENDPOINT_LENGTH_MAX) {
    return { must: `be at most ${ENDPOINT_LENGTH_MAX} characters long, percent-encoded` };
  }
  return url;
}

/** Whether both texts mean the same endpoint. */
export function isSameEndpoint(one: string, other: string): boolean {
  const [a, b] = [readEndpoint(one), readEndpoint(other)];
  return 'href' in a && 'href' in b && a.href === b.href;
}
