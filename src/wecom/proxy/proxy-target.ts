/** Reads from the request line, as it came, what a caller wants of the proxy. It decides nothing. */
import { withoutKeys } from '../../http/request/redacted-url.js';
import { AppError } from '../../kernel/app-error.js';

/** The three paths under which the proxy is reached. */
const BASE = /^\/(?:puppetWxkfManager\/wxkfRequestProxy|cgi-bin|bot\/[^/]+\/cgi-bin)\//;
/** Without dots, escapes and empty parts, a path cannot leave /cgi-bin/, also when it is decoded several times. */
const API = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*\/?$/;
const API_LENGTH_MAX = 128;
const QUERY = /^[\x21\x22\x24-\x7e]*$/;

/** Parameters that must not be given twice. */
const SINGLE = ['access_token', 'corpid', 'corpsecret'] as const;
/** Parameters that are removed when the manager adds the token. They are for the manager, or for `gettoken`. */
const OURS = new Set(['access_token', 'corpid', 'corpsecret', 'openKfId']);

interface Parameter {
  readonly name: string;
  readonly value: string;
  /** Name and value as they came. */
  readonly text: string;
}

export interface ProxyTarget {
  /** Path under /cgi-bin/, such as `kf/sync_msg`. */
  readonly api: string;
  /** The query as it came, without its question mark. */
  readonly query: string;
  /** `null` when it was not sent, like the next two. */
  readonly accessToken: string | null;
  readonly corpId: string | null;
  readonly openKfId: string | null;
  /** All values of `open_kfid` in the query. */
  readonly openKfIdsOfQuery: readonly string[];
  /** The query with this token. The other parameters keep their order and encoding. */
  queryWith(accessToken: string): string;
}

/**
 * @param url path and query, not decoded.
 * @throws AppError `PROXY_PATH_INVALID`, `REQUEST_INVALID`
 */
export function parseTarget(url: string): ProxyTarget {
  const queryAt = url.indexOf('?');
  const path = (queryAt === -1 ? url : url.slice(0, queryAt)).replace(/\/{2,}/g, '/');
  const query = queryAt === -1 ? '' : url.slice(queryAt + 1);
  const [base] = BASE.exec(path) ?? [];
  const api = path.slice(base?.length ?? 0);
  if (base === undefined || api.length > API_LENGTH_MAX || !API.test(api)) {
    throw new AppError('PROXY_PATH_INVALID');
  }
  // The path is logged, answered and sent to WeCom, so it must contain no key.
  if (withoutKeys(api) !== api) {
    throw new AppError('PROXY_PATH_INVALID', {
      detail: 'the path contains a key of the manager; give the program its base once',
    });
  }
  if (!QUERY.test(query)) {
    throw new AppError('REQUEST_INVALID', { detail: 'the query must be percent-encoded and without "#"' });
  }
  const parameters = query === '' ? [] : query.split('&').map(toParameter);
  const doubled = SINGLE.filter((single) => parameters.filter(({ name }) => name === single).length > 1);
  if (doubled.length > 0) {
    throw new AppError('REQUEST_INVALID', { detail: `${doubled.join(' and ')} must be given once` });
  }
  const find = (wanted: string): string | null =>
    parameters.find(({ name }) => name === wanted)?.value ?? null;
  return {
    api: api.replace(/\/$/, ''),
    query,
    accessToken: find('access_token'),
    corpId: find('corpid'),
    openKfId: find('openKfId'),
    openKfIdsOfQuery: parameters.filter(({ name }) => name === 'open_kfid').map(({ value }) => value),
    queryWith: (accessToken) =>
      [
        `access_token=${encodeURIComponent(accessToken)}`,
        ...parameters.filter(({ name }) => !OURS.has(name)).map(({ text }) => text),
      ].join('&'),
  };
}

function toParameter(text: string): Parameter {
  const [name = '', ...value] = text.split('=');
  return { name: decoded(name), value: decoded(value.join('=')), text };
}

/** A text with an invalid percent-encoding is returned as it is. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return spaced.includes('%') ? decodeURIComponent(spaced) : spaced;
  } catch {
    return spaced;
  }
}
