/**
 * Bots that take messages, while managers and bots are killed, the database is away, and WeCom answers errors, repeats
 * messages and refuses cursors. Each message has to reach its bot, in order, and once unless an outcome was unknown.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { webhookIdOf } from '../../../src/queue/message.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { until } from '../drain.js';
import { Durations } from '../durations.js';
import {
  buildWithFailpoints,
  type Killing,
  MESSAGE_FAILPOINTS,
  type MessageFailpoint,
} from '../failpoints.js';
import { type KfAccount, KfCorp } from '../messages/kf-corp.js';
import { KfSite } from '../messages/kf-site.js';
import type { BotWorld, MessageBot } from '../messages/message-bot.js';
import { PuppetBot } from '../messages/puppet-bot.js';
import { CallbackBot, STYLES } from '../messages/callback-bot.js';
import { MessageInjections } from '../messages/message-injections.js';
import { MessageManagers } from '../messages/message-managers.js';
import { MessageOracle } from '../messages/message-oracle.js';
import type { MessagesForm } from '../messages/messages-form.js';
import { toMessagesRow } from '../messages/messages-row.js';
import { UNLIMITED } from '../manager.js';
import { stablePort } from '../ports.js';
import { remarks, table } from '../report.js';
import type { Run, StoreEnv } from '../run.js';
import type { NotRun, Row, Scenario } from '../scenario.js';
import { Entry } from '../entry.js';
import { TcpProxy } from '../tcp-proxy.js';

/** Each with four callback bots, one of each style, and a puppet: corps have limits of their own. */
const CORPS = 5;
const CUSTOMERS = 6;
const TICK_MS = 10;
const REPORT_MS = 30_000;
/** So many messages under way keep every account busy, and a busy machine has no more to catch up with. */
const OPEN_MAX = 500;
/** Who answers before it pulls, and is killed between both, is told again after a minute. */
const DRAIN_MS = 300_000;
/** WeCom sends a callback four times, 5 s apart. */
const CALLBACKS_END_MS = 60_000;
/** A busy machine may need that long; others need some seconds. */
const DRAIN_SHORT_MS = 180_000;
const WITH_BOTS_MS = 75_000;
/** What should not come any more comes by then. */
const AFTERWARDS_MS = 1_000;

const ONE = { title: 'one process', store: 'embedded', replicas: 1, outages: 0 } as const;
const TWO = { title: 'two replicas on MongoDB', store: 'mongodb', replicas: 2 } as const;
const TROUBLES_SHORT = ['busy', 'repeats', 'fails', 'cursors'] as const;
const TROUBLES = [...TROUBLES_SHORT, 'hangs', 'limited'] as const;

export const messages: Scenario = {
  name: 'messages',
  runs: 'in turn',
  run: async (run) => {
    const one: MessagesForm = run.isShort
      ? { ...ONE, messages: 600, ratePerS: 60, managerKills: 3, botKills: 4, troubles: TROUBLES_SHORT }
      : { ...ONE, messages: 85_000, ratePerS: 120, managerKills: 110, botKills: 110, troubles: TROUBLES };
    const two: MessagesForm = run.isShort
      ? { ...TWO, messages: 250, ratePerS: 25, managerKills: 1, botKills: 2, outages: 1, troubles: ['busy'] }
      : {
          ...TWO,
          messages: 15_000,
          ratePerS: 30,
          managerKills: 40,
          botKills: 40,
          outages: 8,
          troubles: TROUBLES,
        };
    // A short run has both at once: where one waits, the other has the machine.
    if (run.isShort) return Promise.all([new Messages(run, one, null).run(), onMongo(run, two, null)]);
    const points = Object.keys(MESSAGE_FAILPOINTS) as MessageFailpoint[];
    const killing = { main: buildWithFailpoints(run), points };
    const first = await new Messages(run, one, killing).run();
    // It took a quarter of an hour, and whoever ends the run has seen it.
    run.say(`\n${table([first])}\n${remarks([first])}\n`);
    return [first, await onMongo(run, two, killing)];
  },
};

async function onMongo(run: Run, form: MessagesForm, killing: Killing | null): Promise<Row | NotRun> {
  try {
    await run.database();
  } catch (error) {
    return { injection: `messages, ${form.title}`, notRun: String(error) };
  }
  return new Messages(run, form, killing).run();
}

class Messages {
  readonly #random: Seeded;
  readonly #oracle = new MessageOracle();
  readonly #delays = new Durations();
  readonly #complaints: string[] = [];
  #corps: readonly KfCorp[] = [];
  readonly #injections: MessageInjections;
  #proxy: TcpProxy | null = null;

  constructor(
    private readonly run_: Run,
    private readonly form: MessagesForm,
    /** See `Replica`. */
    private readonly killing: Killing | null,
  ) {
    this.#random = run_.random(`messages ${form.title}`);
    this.#injections = new MessageInjections(run_, form, this.#oracle, this.#random);
    this.#oracle.onFirst = (delayMs) => this.#delays.add(delayMs);
  }

  async run(): Promise<Row> {
    const { run_: run, form } = this;
    const opening = Array.from({ length: CORPS }, () => KfCorp.open(STYLES.length + 1, CUSTOMERS));
    this.#corps = await Promise.all(opening);
    const site = await KfSite.open(this.#corps);
    run.onEnd(() => site.close().catch(() => undefined));
    const env = {
      ...(await this.#store()),
      ...UNLIMITED,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      WECOM_API_URL: site.url,
      ACCESS_TOKEN_URL: `${site.url}/cgi-bin/gettoken`,
      CORP_CALLS_PER_HOUR: '1000000',
      IP_CALLS_PER_MINUTE: '1000000',
      IP_CALLS_PER_HOUR: '1000000',
    };
    const { replicas } = form;
    const managers = await MessageManagers.start(run, this.#oracle, { replicas, env, killing: this.killing });
    const bots = await this.#openBots(managers);
    const entry = await Entry.open(run, managers.nextUrl);
    for (const { wecom } of this.#corps) await entry.save(wecom);
    const stopReporting = this.#reportNowAndThen(managers);
    const corps = this.#corps;
    await Promise.all([
      this.#write(entry),
      this.#injections.inject({ managers, bots, corps, proxy: this.#proxy }),
    ]);
    const drainMs = await this.#drain(entry);
    stopReporting();
    const broken = await managers.stop();
    await Promise.all(bots.map((bot) => bot.kill()));
    await site.close();
    return toMessagesRow({
      ...{ form, site, managers, drainMs, broken },
      accounts: bots.length,
      verdict: this.#oracle.verdict(),
      injections: this.#injections,
      delays: this.#delays,
      complaints: this.#complaints,
    });
  }

  /** MongoDB is reached by a proxy, so that it can be taken away. */
  async #store(): Promise<StoreEnv> {
    const store = await this.run_.newStore(this.form.store);
    const { MONGO_URI: uri } = store;
    if (uri === undefined) return store;
    const { port, pathname } = new URL(uri);
    this.#proxy = await TcpProxy.open(await stablePort(), this.run_);
    this.#proxy.upstreamPort = Number(port);
    // Asked where it is, the database would name its own port.
    return { MONGO_URI: `mongodb://127.0.0.1:${this.#proxy.port}${pathname}?directConnection=true` };
  }

  async #openBots(managers: MessageManagers): Promise<MessageBot[]> {
    const { nextUrl } = managers;
    const world: BotWorld = {
      ...{ oracle: this.#oracle, complaints: this.#complaints, nextUrl },
      random: this.run_.random(`bots ${this.form.title}`),
    };
    const bots: MessageBot[] = [];
    for (const { accounts } of this.#corps) {
      for (const [index, account] of accounts.entries()) bots.push(await this.#newBot(account, index, world));
    }
    await managers.add(this.#corps, bots);
    await Promise.all(bots.map((bot) => bot.up()));
    return bots;
  }

  async #newBot(account: KfAccount, index: number, world: BotWorld): Promise<MessageBot> {
    const port = await stablePort();
    const style = STYLES[index];
    if (style === undefined) return new PuppetBot(account, port, world);
    // A short run has no time for what comes again after a minute.
    const catchesUp = this.run_.isShort || this.#random.below(2) === 0;
    return new CallbackBot(account, port, world, style, catchesUp);
  }

  async #write(entry: Entry): Promise<void> {
    const { messages: count, ratePerS } = this.form;
    const accounts = this.#corps.flatMap((corp) => corp.accounts);
    let due = 0;
    for (let atMs = performance.now(); this.#oracle.written < count && !this.run_.isEnding;) {
      await sleep(TICK_MS);
      const nowMs = performance.now();
      due = Math.min(count, due + ((nowMs - atMs) * ratePerS) / 1_000);
      atMs = nowMs;
      while (this.#oracle.written < due && this.#oracle.underWay < OPEN_MAX)
        this.#writeOne(this.#random.pick(accounts), entry);
      due = Math.min(due, this.#oracle.written + ratePerS);
    }
  }

  #writeOne(account: KfAccount, entry: Entry): void {
    const { openKfId, corp } = account;
    const customer = this.#random.pick(corp.wecom.customers).externalUserId;
    entry.turn();
    const msgid = account.write(customer);
    const id = webhookIdOf({ corpId: corp.app.corpId, openKfId, msgid });
    const lane = `${openKfId} ${customer}`;
    this.#oracle.wrote({ openKfId, lane, number: account.written, id });
  }

  /** WeCom tells once more of what the manager has never accepted to know of; everything else is the manager's to bring. */
  async #drain(entry: Entry): Promise<number> {
    const startedAtMs = performance.now();
    const whenIdle = () => until(() => this.#corps.every(({ isIdle }) => isIdle), CALLBACKS_END_MS);
    await whenIdle();
    const accounts = this.#corps.flatMap((corp) => corp.accounts);
    for (const account of accounts.filter(({ told, written }) => told < written)) {
      entry.turn();
      account.tellAgain();
    }
    await whenIdle();
    await until(() => this.#oracle.open === 0, this.run_.isShort ? DRAIN_SHORT_MS : DRAIN_MS);
    const drainMs = performance.now() - startedAtMs;
    if (!this.run_.isShort) await until(() => this.#oracle.openWithBots === 0, WITH_BOTS_MS);
    await sleep(AFTERWARDS_MS);
    return drainMs;
  }

  #reportNowAndThen(managers: MessageManagers): () => void {
    const { title, messages: count } = this.form;
    const timer = setInterval(() => {
      const { written, underWay } = this.#oracle;
      this.run_.say(
        `messages, ${title}: ${written} of ${count} written, ${underWay} under way; ${managers.kills} managers and ${this.#injections.botKills} bots killed`,
      );
    }, REPORT_MS);
    return () => clearInterval(timer);
  }
}
