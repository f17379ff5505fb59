/** What an operator does at the manager, by its API. */
import type { SessionSettings } from '../../src/registry/bots/session.dto.js';
import type { CallbackConfig } from '../../packages/simulator/callbacks/callback-url.js';

const LIMIT_MS = 15_000;

export interface AddedBot {
  readonly id: string;
  readonly key: string;
  readonly token: string;
  readonly encodingAESKey: string;
}

export interface NewBot {
  readonly name: string;
  readonly corpId: string;
  readonly openKfIds: readonly string[];
  readonly url: string;
  readonly api: string;
  readonly takes: string;
  /** Where the manager has to recognize access tokens that the bot got from WeCom itself. */
  readonly corpSecret: string | null;
  /** `null`: it does not share its customers with people. */
  readonly session: SessionSettings | null;
}

export class Operator {
  constructor(
    private readonly managerUrl: string,
    private readonly secret: string,
  ) {}

  async addApp(corpId: string, { token, encodingAESKey }: CallbackConfig): Promise<void> {
    await this.#post('apps', { corpId, token, encodingAESKey });
  }

  addBot({ url, corpSecret, session, ...same }: NewBot): Promise<AddedBot> {
    const more = { ...(corpSecret !== null && { corpSecret }), ...(session !== null && { session }) };
    return this.#post('bots', { ...same, kind: 'callback', callback: { url }, ...more });
  }

  /** @returns what is wrong; `null` when the bot answered as WeCom wants it. */
  async verify(id: string): Promise<string | null> {
    return (await this.#post<{ fault: string | null }>(`bots/${id}/verify`)).fault;
  }

  /** Hints that wait or are dead; `null` while it does not answer. */
  async undelivered(): Promise<number | null> {
    try {
      const { counts } = await this.#call<{ counts: { waiting: number; dead: number } }>('status', {});
      return counts.waiting + counts.dead;
    } catch {
      return null;
    }
  }

  #post<T>(path: string, body?: object): Promise<T> {
    if (body === undefined) return this.#call(path, { method: 'POST' });
    const headers = { 'content-type': 'application/json' };
    return this.#call(path, { method: 'POST', body: JSON.stringify(body), headers });
  }

  async #call<T>(path: string, { headers, ...init }: RequestInit): Promise<T> {
    const answer = await fetch(`${this.managerUrl}/api/v1/${path}`, {
      ...init,
      headers: { ...headers, authorization: `Bearer ${this.secret}` },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}
