/** The operators' API of a running manager, as the commands use it: with a secret of the settings, and without any proxy. */
import type { Config } from '../../config/config.js';
import type { Secret } from '../../kernel/secret.js';
import { ProbeError, probe } from '../../wecom/address-probe.js';
import { CommandError } from '../command-error.js';
import { ownUrlOf, readManagerUrl } from './manager-url.js';

/** Longer than the 10 s that the manager may wait for WeCom. */
const LIMIT_MS = 15_000;
/** Far more than a page has. */
const ANSWER_BYTES_MAX = 16 * 1_024 * 1_024;
/** The most that the API gives at once. */
const PAGE_SIZE_MAX = 200;

type Method = 'GET' | 'POST' | 'DELETE';

export type Query = Readonly<Record<string, string | undefined>>;

/** One entry of a list, as the API describes it. */
export type Item = Readonly<Record<string, unknown>>;

export interface Found {
  readonly items: readonly Item[];
  /** Whether there are more of them than were asked for. */
  readonly hasMore: boolean;
}

/** The manager gave no answer, or refused. */
export class ManagerApiError extends CommandError {
  override readonly name = 'ManagerApiError';

  constructor(
    message: string,
    /** The manager's own error code; `null` where it gave none. */
    readonly code: string | null,
  ) {
    super(message);
  }
}

export class ManagerApi {
  readonly url: URL;
  readonly #secret: Secret | null;

  /** @param url as `--url` has it; left out: that of a manager with these settings. @throws UsageError */
  constructor(config: Config, url?: string) {
    this.url = url === undefined ? ownUrlOf(config) : readManagerUrl(url);
    this.#secret = config.authOperatorTokens[0] ?? null;
  }

  /** @param path under `/api/v1/`. @throws ManagerApiError */
  async get(path: string, query: Query = {}): Promise<Item> {
    return this.#ask('GET', path, query);
  }

  /** @param path under `/api/v1/`. @throws ManagerApiError */
  post(path: string, body?: object): Promise<Item> {
    return this.#ask('POST', path, {}, body && JSON.stringify(body));
  }

  /** @param path under `/api/v1/`. @throws ManagerApiError */
  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path, {});
  }

  /** Reads page after page. @throws ManagerApiError */
  async list(path: string, query: Query, limit: number): Promise<Found> {
    const items: Item[] = [];
    for (let cursor: string | undefined; ;) {
      const asked = Math.min(limit - items.length, PAGE_SIZE_MAX);
      const page = await this.get(path, { ...query, cursor, limit: String(asked) });
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
    const url = new URL(this.url);
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

  #silence({ step, code }: ProbeError): ManagerApiError {
    const why = step === 'time' ? `not within ${LIMIT_MS / 1_000} s` : `${step} ${code}`.trim();
    return new ManagerApiError(
      `${this.url.href} does not answer (${why}); start the manager, or look whether HOST and PORT, or --url, are those of the manager that runs`,
      null,
    );
  }

  #refusal(status: number, body: Item | null): ManagerApiError {
    const { error, message } = body ?? {};
    if (typeof error !== 'string' || typeof message !== 'string') {
      return new ManagerApiError(
        `${this.url.href} is answered ${status}, not by the API of a manager; give the manager's own address in --url`,
        null,
      );
    }
    const remedy =
      status === 401 || status === 403
        ? '; the secret is taken from AUTH_OPERATOR_TOKEN, in the environment or .env, where the token of an operator may stand, too'
        : '';
    return new ManagerApiError(`${this.url.href} answers ${status} ${error}: ${message}${remedy}`, error);
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
