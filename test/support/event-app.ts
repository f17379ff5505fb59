/** An app with an account at a manager, and the server of its bot: what an operator and a gateway ask of the manager in specs of events. */
import type { BotAnswer, BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { TestedAnswer } from '../../src/api/accounts/accounts.dto.js';
import type { HintAnswer } from '../../src/api/answers/hint.dto.js';
import type { HintPageAnswer } from '../../src/api/waiting/hints.dto.js';
import { BotServer } from './bot-server.js';
import { postJson } from './puppet-server.js';
import { newApp, newOpenKfId } from './wecom.js';

export class EventApp {
  readonly app = newApp();
  readonly openKfId = newOpenKfId();

  private constructor(
    private readonly manager: { readonly url: string },
    readonly bot: BotServer,
  ) {}

  /** @param manager without secrets of roles; asked for its URL each time. */
  static async connect(manager: { readonly url: string }): Promise<EventApp> {
    const one = new EventApp(manager, await BotServer.start());
    await postJson(`${manager.url}/api/v1/apps`, one.app);
    return one;
  }

  close(): Promise<void> {
    return this.bot.close();
  }

  request(method: string, path: string, body: object | null = null): Promise<Response> {
    return fetch(this.manager.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === null ? null : JSON.stringify(body),
    });
  }

  /** Asks for a callback bot that takes events of the account, unless the fields say otherwise. */
  ask(fields: object = {}): Promise<Response> {
    return this.request('POST', '/api/v1/bots', {
      ...{ name: 'Support bot', corpId: this.app.corpId, openKfIds: [this.openKfId], kind: 'callback' },
      ...{ callback: { url: `${this.bot.url}/wxkf/` } },
      ...fields,
    });
  }

  /** @throws Error where the bot is not added. */
  async add(fields: object = {}): Promise<BotCreatedAnswer> {
    const response = await this.ask(fields);
    const answer = (await response.json()) as BotCreatedAnswer;
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    this.bot.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
    return answer;
  }

  change(id: string, fields: object): Promise<Response> {
    return this.request('PATCH', `/api/v1/bots/${id}`, fields);
  }

  /** @throws Error where the bot is not changed. */
  async setPaused(id: string, paused: boolean): Promise<void> {
    const response = await this.change(id, { paused });
    if (response.status !== 200) throw new Error(await response.text());
  }

  async shown(id: string): Promise<BotAnswer> {
    return (await (await this.request('GET', `/api/v1/bots/${id}`)).json()) as BotAnswer;
  }

  /** Sends an event, as a gateway does. @returns whether it was delivered at once. */
  async tell(token: string, openKfId = this.openKfId, createTime: number | null = null): Promise<string> {
    const event = { openKfId, token, createTime };
    const response = await this.request('POST', `/callback/decrypted/${this.app.corpId}`, event);
    return ((await response.json()) as { delivery: string }).delivery;
  }

  /** What waits, of all accounts of the app's corp. */
  async hints(): Promise<readonly HintAnswer[]> {
    const response = await this.request('GET', `/api/v1/hints?corpId=${this.app.corpId}`);
    return ((await response.json()) as HintPageAnswer).items;
  }

  /** Sends what waits of the account again, as an operator does. */
  replay(openKfId = this.openKfId): Promise<Response> {
    return this.request('POST', `/api/v1/hints/${openKfId}/replay`, {});
  }

  /** Sends the bot of the account a test, as an operator does. */
  async test(openKfId = this.openKfId): Promise<TestedAnswer & { readonly error?: string }> {
    const response = await this.request('POST', `/api/v1/accounts/${openKfId}/test`);
    return (await response.json()) as TestedAnswer;
  }
}
