/** Whether the manager does its work after what it was sent: what a healthy caller finds must be as ever. */
import { kfMessageXml, sealCallback } from '../../test/support/wecom.js';
import { bearer, queryOf } from './http-request.js';
import { isOfStarvedMachine } from './judge.js';
import type { Servers } from './servers.js';
import type { Account, Stage } from './stage.js';

const LIMIT_MS = 5_000;
const INFO = ['corpId', 'endpoint', 'kfId', 'kfName', 'lastOnlineDate', 'online'];

interface Said {
  readonly status: number;
  readonly text: string;
}

export class Checkup {
  constructor(
    private readonly url: string,
    private readonly stage: Stage,
    private readonly servers: Servers,
  ) {}

  /** @throws Error where one is refused. */
  async registerAll(): Promise<void> {
    for (const account of [this.stage.healthy, ...this.stage.known]) {
      const { status, text } = await this.#register(account);
      if (status !== 200) throw new Error(`a registration was answered ${status}: ${text}`);
    }
  }

  /** What is not as it should be. */
  async run(): Promise<string[]> {
    try {
      return [...(await this.#callback()), ...(await this.#registration()), ...(await this.#health())];
    } catch (error) {
      return [`a healthy caller got no answer: ${error}`];
    }
  }

  async #callback(): Promise<string[]> {
    const { healthy } = this.stage;
    const before = this.servers.deliveriesTo(healthy.openKfId);
    const { query, body } = sealCallback(healthy, kfMessageXml(healthy, healthy.openKfId));
    const path = `/callback/${healthy.corpId}?${queryOf(query)}`;
    const { status, text } = await this.#post(path, body, { 'content-type': 'text/xml' });
    if (status !== 200 || text !== 'success') return [`a healthy callback was answered ${status}: ${text}`];
    const delivered = this.servers.deliveriesTo(healthy.openKfId) - before;
    return delivered === 1 ? [] : [`a healthy callback was delivered ${delivered} times`];
  }

  async #registration(): Promise<string[]> {
    const { healthy } = this.stage;
    const { status, text } = await this.#register(healthy);
    if (status !== 200 || text !== '{"code":0,"message":"success"}')
      return [`a healthy registration was answered ${status}: ${text}`];
    const info = await this.#get(`/puppetWxkfManager/puppetWxkfInfo/${healthy.openKfId}`);
    const isAsEver = info.status === 200 && Object.keys(JSON.parse(info.text)).sort().join() === INFO.join();
    return isAsEver ? [] : [`what is known of the healthy account: ${info.status} ${info.text}`];
  }

  async #health(): Promise<string[]> {
    const said = await this.#get('/health');
    const isWell = said.status === 200 || (said.status === 503 && isOfStarvedMachine(said.text));
    return isWell ? [] : [`/health says ${said.status}: ${said.text}`];
  }

  /** As puppets do it, once more where the store did not answer in time. */
  async #register(account: Account): Promise<Said> {
    const said = await this.#registerOnce(account);
    return said.status === 503 ? this.#registerOnce(account) : said;
  }

  #registerOnce({ openKfId, endpoint, corpId, corpSecret, token, encodingAESKey }: Account): Promise<Said> {
    return this.#postJson('/puppetWxkfManager/register', {
      kfId: openKfId,
      kfName: 'healthy',
      endpoint,
      corpId,
      corpSecret,
      token,
      encodingAESKey,
    });
  }

  #postJson(path: string, body: object): Promise<Said> {
    const headers = { ...bearer('AUTH_PUPPET_TOKEN'), 'content-type': 'application/json' };
    return this.#post(path, JSON.stringify(body), headers);
  }

  #post(path: string, body: string, headers: Record<string, string>): Promise<Said> {
    return this.#fetch(path, { method: 'POST', body, headers });
  }

  #get(path: string): Promise<Said> {
    return this.#fetch(path, { headers: bearer('AUTH_OPERATOR_TOKEN') });
  }

  async #fetch(path: string, init: RequestInit): Promise<Said> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const answer = await fetch(this.url + path, { ...init, signal });
    return { status: answer.status, text: await answer.text() };
  }
}
