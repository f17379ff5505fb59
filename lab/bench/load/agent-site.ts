/**
 * A site with one agent: customers of a local WeCom who write to it, and its service, which takes its time. Each question has a
 * number, with which its answer ends. All of it is in this process.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBody } from '../../../packages/simulator/read-body.js';
import { SERVICES } from '../../../packages/simulator/services/service-forms.js';
import { type Simulator, startSimulator } from '../../../packages/simulator/simulator.js';
import { postJson } from '../../../test/support/puppet-server.js';
import { until } from '../../faults/drain.js';
import { Latencies } from './latencies.js';

/** As many as an agent can have. */
export const CALLS = 100;
/** More than are answered at a time, so that others wait in each account. */
const CUSTOMERS = 200;
const ACCOUNTS = 10;
/**
 * Until a customer writes again. WeCom gives the time of a message in seconds: what was sent within the same second counts among
 * the five messages that may follow it, and the answer would be cut off.
 */
const READS_MS = 2_000;
const FORM = SERVICES.openai;
const TEXT = 'It depends on what you bought and when, so please tell me more. ';
const BODY_BYTES_MAX = 1_048_576;
const LOOK_EVERY_MS = 50;
const TICK_MS = 1;
const WITHIN_MS = 60_000;

/** How the service answers. */
export interface Manner {
  /** From the question to the end of the stream, whose events come evenly. */
  readonly takesMs: number;
  readonly bytes: number;
}

class Service {
  manner: Manner = { takesMs: 0, bytes: 0 };
  /** So many of the next questions are answered sooner, each a little less: otherwise all that came at once would end at once. */
  staggered = 0;
  underWay = 0;
  /** From the question to the end of its answer, by number. */
  readonly tookMs = new Map<number, number>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${FORM.base}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, BODY_BYTES_MAX);
    const startedMs = performance.now();
    const { takesMs, bytes } = this.manner;
    const number = numberIn(FORM.read(JSON.parse(String(body)), new URLSearchParams()).text);
    const text = `${TEXT.repeat(Math.ceil(bytes / TEXT.length)).slice(0, bytes)} ${number}`;
    const events = FORM.stream({ text, conversationId: '', tokens: 1 });
    const pauseMs = (takesMs * (this.staggered > 0 ? this.staggered-- / CALLS : 1)) / events.length;
    this.underWay += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const [n, event] of events.entries()) {
      const waitMs = startedMs + pauseMs * (n + 1) - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      response.write(event);
    }
    response.end();
    this.underWay -= 1;
    this.tookMs.set(number, performance.now() - startedMs);
  }
}

interface Asked {
  readonly customer: number;
  readonly atMs: number;
}

export class AgentSite {
  /** How many calls were under way in the mean, each time that there were to be `CALLS`. */
  readonly calls: number[] = [];
  readonly #service = new Service();
  /** Questions without an answer, by number. */
  readonly #open = new Map<number, Asked>();
  #asked = 0;
  /** Answers that came again. */
  #repeated = 0;
  /** Answers of which the end is missing. */
  #cutOff = 0;
  #isAskedAgain = false;
  #added = new Latencies();
  #lastMsgid = '';

  private constructor(private readonly wecom: Simulator) {
    // It keeps the newest messages alone, and tells of each.
    wecom.corp.onChange = () => this.#look();
  }

  static async open(): Promise<AgentSite> {
    const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what} ${n}`);
    const accounts = names('account', ACCOUNTS);
    const site = new AgentSite(await startSimulator({ accounts, customers: names('customer', CUSTOMERS) }));
    await site.#service.listen();
    return site;
  }

  /** What makes the manager call here. */
  get env(): Record<string, string> {
    return { ACCESS_TOKEN_URL: `${this.wecom.url}/cgi-bin/gettoken`, WECOM_API_URL: this.wecom.url };
  }

  async close(): Promise<void> {
    this.#service.close();
    await this.wecom.close();
  }

  /** Adds the agent to the manager, which is told of questions from now on. */
  async join(managerUrl: string): Promise<void> {
    const { corpId, corpSecret, callback, accounts } = this.wecom;
    const { token, encodingAESKey } = callback;
    await post(`${managerUrl}/api/v1/apps`, { corpId, token, encodingAESKey });
    const saved = await this.wecom.saveCallback({ ...callback, url: `${managerUrl}/callback/${corpId}` });
    if (!saved.isVerified) throw new Error(saved.detail);
    const openKfIds = accounts.map(({ openKfId }) => openKfId);
    const service = { form: 'openai', url: this.#service.url, key: 'key-of-the-bench', model: 'bench' };
    await post(`${managerUrl}/api/v1/bots`, {
      ...{ name: 'Agent', corpId, corpSecret, openKfIds, kind: 'agent' },
      agent: { ...service, concurrency: CALLS },
    });
  }

  /**
   * Does the work while `CALLS` calls are under way all the time: who was answered writes again.
   * @throws Error when a question was not answered once.
   */
  async besideCalls<T>(manner: Manner, work: () => Promise<T>): Promise<T> {
    const service = this.#service;
    Object.assign(service, { manner, staggered: CALLS });
    this.#isAskedAgain = true;
    for (let customer = 0; customer < CUSTOMERS; customer += 1) this.#ask(customer);
    await until(() => service.underWay >= CALLS, WITHIN_MS);
    const seen: number[] = [];
    const timer = setInterval(() => seen.push(service.underWay), LOOK_EVERY_MS);
    const result = await work();
    clearInterval(timer);
    this.calls.push(seen.reduce((sum, count) => sum + count, 0) / seen.length);
    this.#isAskedAgain = false;
    await this.#untilAnswered();
    return result;
  }

  /**
   * So many questions a second, at random times, since those of regular ones meet the ends of answers; the customers take turns.
   * @returns how long it took from before WeCom's callback until WeCom took the answer, less what the service took.
   */
  async paced(manner: Manner, perS: number, forMs: number): Promise<Latencies> {
    Object.assign(this.#service, { manner, staggered: 0 });
    const added = new Latencies();
    this.#added = added;
    const endMs = performance.now() + forMs;
    for (let n = 0, dueMs = performance.now(); dueMs < endMs; await sleep(TICK_MS))
      for (; dueMs < Math.min(performance.now(), endMs); n += 1) {
        this.#ask(n % CUSTOMERS);
        dueMs -= (Math.log(1 - Math.random()) * 1_000) / perS;
      }
    await this.#untilAnswered();
    return added;
  }

  #ask(customer: number): void {
    const number = ++this.#asked;
    this.#open.set(number, { customer, atMs: performance.now() });
    const { accounts, customers } = this.wecom;
    const openKfId = accounts[customer % ACCOUNTS]?.openKfId ?? '';
    const externalUserId = customers[customer]?.externalUserId ?? '';
    this.wecom.say(`Question ${number}`, { openKfId, externalUserId });
  }

  #look(): void {
    const last = this.wecom.corp.chat.messages.at(-1);
    if (last === undefined || last.msgid === this.#lastMsgid) return;
    this.#lastMsgid = last.msgid;
    if (last.from !== 'bot') return;
    const text = String(last.body.content);
    const number = numberIn(text);
    // A part has none that is not the last one.
    if (!Number.isNaN(number)) this.#answered(number);
    else if (text.endsWith('…')) this.#cutOff += 1;
  }

  #answered(number: number): void {
    const asked = this.#open.get(number);
    if (asked === undefined) {
      this.#repeated += 1;
      return;
    }
    this.#open.delete(number);
    this.#added.add(performance.now() - asked.atMs - (this.#service.tookMs.get(number) ?? 0));
    this.#service.tookMs.delete(number);
    setTimeout(() => this.#isAskedAgain && this.#ask(asked.customer), READS_MS);
  }

  async #untilAnswered(): Promise<void> {
    await until(() => this.#open.size === 0, WITHIN_MS);
    if (this.#open.size > 0 || this.#repeated > 0) {
      const open = `${this.#open.size} questions have no answer, or not all of it (${this.#cutOff})`;
      throw new Error(`${open}; ${this.#repeated} answers came again`);
    }
    await sleep(READS_MS);
  }
}

/** The one with which a text ends. */
function numberIn(text: string): number {
  return Number(/\d+$/.exec(text)?.[0] ?? Number.NaN);
}

async function post(url: string, body: object): Promise<void> {
  const answer = await postJson(url, body);
  if (answer.status !== 200) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
}
