/** Calls the operators' API of a running manager, with a secret of the settings and without any proxy. */
import type { Config } from '../../config/config.js';
import type { Secret } from '../../kernel/secret.js';
import { ProbeError, probe } from '../../http/outgoing/address-probe.js';
import { CommandError, UsageError } from '../terminal/command-error.js';

/** Longer than the 10 s that the manager may wait for WeCom. */
const LIMIT_MS = 15_000;
/** Far more than a page has. */
const ANSWER_BYTES_MAX = 16 * 1_024 * 1_024;
/** The API gives no more at once. */
const PAGE_SIZE_MAX = 200;

type Method = 'GET' | 'POST' | 'DELETE';

type Query = Readonly<Record<string, string | undefined>>;

/** One entry of a list, as the API describes it. */
export type Item = Readonly<Record<string, unknown>>;

interface Found {
  readonly items: readonly Item[];
  /** Whether there are more of them than were asked for. */
  readonly hasMore: boolean;
}

export class ManagerApi {
  readonly #url: URL;
  readonly #secret: Secret | null;

  /** @param url as `--url` has it; left out: that of a manager with these settings. @throws UsageError */
  constructor(config: Config, url?: string) {
    this.#url = url === undefined ? ownUrlOf(config) : readManagerUrl(url);
    this.#secret = config.authOperatorTokens[0] ?? null;
  }

  /** @param path under `/api/v1/`. @throws CommandError */
  post(path: string, body?: object): Promise<Item> {
    return this.#ask('POST', path, {}, body && JSON.stringify(body));
  }

  /** @param path under `/api/v1/`. @throws CommandError */
  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path, {});
  }

  /** Reads page after page. @throws CommandError */
  async list(path: string, limit: number): Promise<Found> {
    const items: Item[] = [];
    for (let cursor: string | undefined; ;) {
      const asked = Math.min(limit - items.length, PAGE_SIZE_MAX);
      const page = await this.#ask('GET', path, { cursor, limit: String(asked) });
      items.push(...(page.items as Item[]));
      cursor = (page.nextCursor as string | null) ?? undefined;
      if (cursor === undefined || items.length >= limit) return { items, hasMore: cursor !== undefined };
    }
  }

  async #ask(method: Method, path: string, query: Query, sent?: string): Promise<Item> {
    const { status, text } = await this.#send(method, path, query, sent);
    const body = toObject(text);
    if (status === 200 && body !== null) return body;
    throw this.#refusal(status, body);
  }

  async #send(
    method: Method,
    path: string,
    query: Query,
    sent?: string,
  ): Promise<{ status: number; text: string }> {
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/${path}`;
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, value);
    const headers = {
      accept: 'application/json',
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(this.#secret !== null && { authorization: `Bearer ${this.#secret.reveal()}` }),
    };
    try {
      const limits = { limitMs: LIMIT_MS, bytesMax: ANSWER_BYTES_MAX };
      const { status, body } = await probe(url, {
        method,
        headers,
        ...limits,
        ...(sent !== undefined && { body: sent }),
      });
      return { status, text: body };
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      throw this.#silence(error);
    }
  }

  #silence({ step, code }: ProbeError): CommandError {
    const why = step === 'time' ? `not within ${LIMIT_MS / 1_000} s` : `${step} ${code}`.trim();
    return new CommandError(
      `${this.#url.href} does not answer (${why}); start the manager, or look whether HOST and PORT, or --url, are those of the running manager`,
    );
  }

  #refusal(status: number, body: Item | null): CommandError {
    const { error, message } = body ?? {};
    if (typeof error !== 'string' || typeof message !== 'string') {
      return new CommandError(
        `${this.#url.href} is answered ${status}, not by the API of a manager; give the manager's own address in --url`,
      );
    }
    const remedy =
      status === 401 || status === 403
        ? '; set AUTH_OPERATOR_TOKEN, in the environment or .env, to a secret of the manager or to the token of an operator'
        : '';
    return new CommandError(`${this.#url.href} answers ${status} ${error}: ${message}${remedy}`);
  }
}

function toObject(text: string): Item | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Item) : null;
  } catch {
    return null;
  }
}

/** Where a manager with these settings is reached from its own machine. */
export function ownUrlOf({ host, port }: Pick<Config, 'host' | 'port'>): URL {
  const name = /^(0\.0\.0\.0|::)$/.test(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return new URL(`http://${name}:${port}`);
}

/**
 * Reads where the manager is; the URL may have a path in front of the manager's routes. A mistake does not quote the text, which
 * may hold a secret.
 * @throws UsageError
 */
export function readManagerUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError('--url must be a URL like http://127.0.0.1:7777');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError(
      '--url must have no user, password, query or fragment; the secret is taken from AUTH_OPERATOR_TOKEN',
    );
  }
  return url;
}
