/**
 * Bots that take messages, while managers and bots are killed, the database is away, and WeCom answers errors, repeats
 * messages and refuses cursors. Each message has to reach its bot, in order, and once unless an outcome was unknown.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { webhookIdOf } from '../../src/messages/message.js';
import type { Seeded } from '../../test/support/seeded.js';
import { until } from '../drain.js';
import { Durations } from '../durations.js';
import { KfCallbacks } from '../messages/kf-callbacks.js';
import { type KfAccount, KfCorp, type Trouble } from '../messages/kf-corp.js';
import { KfSite } from '../messages/kf-site.js';
import { type BotWorld, CallbackBot, type MessageBot, PuppetBot, STYLES } from '../messages/message-bots.js';
import { MessageManagers } from '../messages/message-managers.js';
import { MessageOracle, type MessageVerdict } from '../messages/message-oracle.js';
import { UNLIMITED } from '../manager.js';
import { stablePort } from '../ports.js';
import type { Run, StoreEnv, StoreKind } from '../run.js';
import { type NotRun, type Row, type Scenario, unless } from '../scenario.js';
import { TcpProxy } from '../tcp-proxy.js';

/** Each with four callback bots, one of each style, and a puppet: corps have limits of their own. */
const CORPS = 5;
const CUSTOMERS = 6;
const TICK_MS = 10;
const REPORT_MS = 30_000;
/** So many messages under way keep every account busy, and a busy machine has no more to catch up with. */
const OPEN_MAX = 500;
const REPEATED = 40;
const BOT_DOWN_MS_MAX = 2_500;
/** Who answers before it pulls, and is killed between both, is told again after a minute. */
const DRAIN_MS = 300_000;
const DRAIN_SHORT_MS = 25_000;
const WITH_BOTS_MS = 75_000;
/** What should not come any more comes by then. */
const AFTERWARDS_MS = 1_000;
const SHOWN = 5;

interface Form {
  readonly title: string;
  readonly store: StoreKind;
  readonly replicas: number;
  readonly messages: number;
  /** At most; fewer while `OPEN_MAX` are under way. */
  readonly ratePerS: number;
  readonly managerKills: number;
  readonly botKills: number;
  readonly outages: number;
  readonly troubles: readonly (Trouble | 'cursors' | 'repeats')[];
}

const ONE = { title: 'one process', store: 'embedded', replicas: 1, outages: 0 } as const;
const TWO = { title: 'two replicas on MongoDB', store: 'mongodb', replicas: 2 } as const;
const TROUBLES_SHORT = ['busy', 'repeats', 'fails', 'cursors'] as const;
const TROUBLES = [...TROUBLES_SHORT, 'hangs', 'limited'] as const;

export const messages: Scenario = {
  name: 'messages',
  runs: 'in turn',
  run: async (run) => {
    const one: Form = run.isShort
      ? { ...ONE, messages: 600, ratePerS: 60, managerKills: 3, botKills: 4, troubles: TROUBLES_SHORT }
      : { ...ONE, messages: 85_000, ratePerS: 120, managerKills: 110, botKills: 110, troubles: TROUBLES };
    const two: Form = run.isShort
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
    // Both at once: where one waits, the other has the machine.
    return Promise.all([new Messages(run, one).run(), onMongo(run, two)]);
  },
};

async function onMongo(run: Run, form: Form): Promise<Row | NotRun> {
  try {
    await run.database();
  } catch (error) {
    return { injection: `messages, ${form.title}`, notRun: String(error) };
  }
  return new Messages(run, form).run();
}

class Messages {
  readonly #random: Seeded;
  readonly #oracle = new MessageOracle();
  readonly #delays = new Durations();
  readonly #complaints: string[] = [];
  readonly #corps = Array.from({ length: CORPS }, () => new KfCorp(STYLES.length + 1));
  #botKills = 0;
  #outages = 0;
  #proxy: TcpProxy | null = null;

  constructor(
    private readonly run_: Run,
    private readonly form: Form,
  ) {
    this.#random = run_.random(`messages ${form.title}`);
    this.#oracle.onFirst = (delayMs) => this.#delays.add(delayMs);
  }

  async run(): Promise<Row> {
    const { run_: run, form } = this;
    const site = await KfSite.open(this.#corps);
    run.onEnd(() => site.close().catch(() => undefined));
    const managers = await MessageManagers.start(run, form.replicas, {
      ...(await this.#store()),
      ...UNLIMITED,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      WECOM_API_URL: site.url,
      ACCESS_TOKEN_URL: `${site.url}/cgi-bin/gettoken`,
      CORP_CALLS_PER_HOUR: '1000000',
      IP_CALLS_PER_MINUTE: '1000000',
      IP_CALLS_PER_HOUR: '1000000',
    });
    const bots = await this.#openBots(managers);
    const callbacks = new KfCallbacks(site, managers.nextUrl);
    const stopReporting = this.#reportNowAndThen(managers);
    await Promise.all([
      this.#write(callbacks),
      this.#killManagers(managers),
      this.#killBots(bots),
      this.#troubleWecom(),
      this.#breakDatabase(),
    ]);
    const drainMs = await this.#drain(callbacks);
    stopReporting();
    await callbacks.close();
    const ended = await managers.stop();
    await Promise.all(bots.map((bot) => bot.kill()));
    await site.close();
    return this.#row(site, callbacks, managers, drainMs, ended);
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

  async #write(callbacks: KfCallbacks): Promise<void> {
    const { messages: count, ratePerS } = this.form;
    const accounts = this.#corps.flatMap((corp) => corp.accounts);
    let due = 0;
    for (let atMs = performance.now(); this.#oracle.written < count && !this.run_.isEnding;) {
      await sleep(TICK_MS);
      const nowMs = performance.now();
      due = Math.min(count, due + ((nowMs - atMs) * ratePerS) / 1_000);
      atMs = nowMs;
      while (this.#oracle.written < due && this.#oracle.underWay < OPEN_MAX)
        this.#writeOne(this.#random.pick(accounts), callbacks);
      due = Math.min(due, this.#oracle.written + ratePerS);
    }
  }

  #writeOne(account: KfAccount, callbacks: KfCallbacks): void {
    const customer = String(this.#random.below(CUSTOMERS));
    const { openKfId, corp } = account;
    const { msgid } = account.write(customer);
    const id = webhookIdOf({ corpId: corp.app.corpId, openKfId, msgid });
    const lane = `${openKfId} ${customer}`;
    this.#oracle.wrote({ openKfId, lane, number: account.messages.length, id });
    callbacks.notify(account);
  }

  async #killManagers(managers: MessageManagers): Promise<void> {
    await this.#nowAndThen(this.form.managerKills, () => managers.killOne(this.#random, this.#oracle));
  }

  async #killBots(bots: readonly MessageBot[]): Promise<void> {
    const back: Promise<void>[] = [];
    await this.#nowAndThen(this.form.botKills, async () => {
      const bot = this.#random.pick(bots.filter(({ isUp }) => isUp));
      await bot.kill();
      this.#botKills++;
      back.push(sleep(this.#random.below(BOT_DOWN_MS_MAX)).then(() => bot.up()));
    });
    await Promise.all(back);
  }

  async #troubleWecom(): Promise<void> {
    const { troubles } = this.form;
    const rounds = this.run_.isShort ? troubles.length : troubles.length * 8;
    let at = 0;
    await this.#nowAndThen(rounds, async () => {
      const trouble = troubles[at++ % troubles.length];
      const corp = this.#random.pick(this.#corps);
      if (trouble === 'cursors') return void corp.accounts.forEach((account) => account.refuseCursors());
      if (trouble === 'repeats') corp.repeated = REPEATED;
      else corp.trouble = trouble ?? null;
      await sleep(300 + this.#random.below(this.run_.isShort ? 500 : 3_000));
      corp.trouble = null;
      corp.repeated = 0;
    });
  }

  async #breakDatabase(): Promise<void> {
    const proxy = this.#proxy;
    if (proxy === null) return;
    await this.#nowAndThen(this.form.outages, async () => {
      const fromMs = performance.now();
      proxy.break();
      await sleep(500 + this.#random.below(this.run_.isShort ? 1_000 : 4_000));
      proxy.mend();
      this.#outages++;
      this.#oracle.fault({ fromMs, toMs: performance.now(), openKfId: null });
    });
  }

  /** So many times while messages are written, at random ones of them, one after the other. */
  async #nowAndThen(times: number, what: () => Promise<void>): Promise<void> {
    const every = this.form.messages / Math.max(1, times);
    for (let time = 0; time < times && !this.run_.isEnding; time++) {
      const at = every * time + this.#random.below(Math.max(1, Math.floor(every)));
      while (this.#oracle.written < at && !this.run_.isEnding) await sleep(TICK_MS);
      if (!this.run_.isEnding) await what();
    }
  }

  /** WeCom tells once more of what the manager has never accepted to know of; everything else is the manager's to bring. */
  async #drain(callbacks: KfCallbacks): Promise<number> {
    const startedAtMs = performance.now();
    await callbacks.whenIdle();
    for (const account of callbacks.listUntold()) callbacks.notify(account);
    await callbacks.whenIdle();
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
        `messages, ${title}: ${written} of ${count} written, ${underWay} under way; ${managers.kills} managers and ${this.#botKills} bots killed`,
      );
    }, REPORT_MS);
    return () => clearInterval(timer);
  }

  #row(
    site: KfSite,
    callbacks: KfCallbacks,
    managers: MessageManagers,
    drainMs: number,
    ended: string[],
  ): Row {
    const { title, ratePerS } = this.form;
    const verdict = this.#oracle.verdict();
    const kills = managers.kills + this.#botKills;
    const spoilt = [...site.spoilt].map(([what, count]) => `${what} ${count}×`).join(', ');
    const seconds = (ms: number) => (ms / 1_000).toFixed(2);
    const delays = [0.5, 0.99, 1].map((share) => seconds(this.#delays.percentile(share))).join(' / ');
    return {
      injection: `messages, ${title}`,
      length: `${managers.kills} kills of managers, ${this.#botKills} of bots, ${this.#outages} outages`,
      load: `at most ${ratePerS}/s over ${CORPS * (STYLES.length + 1)} accounts`,
      sent: verdict.written,
      accepted: verdict.written - verdict.lost.length - verdict.lostWithBots,
      lost: verdict.lost.length,
      duplicates: verdict.doubles,
      recovery: null,
      othersP99: null,
      remarks: [
        `${verdict.doubles} doubles, ${(verdict.doubles / Math.max(1, kills)).toFixed(2)} for each kill; ${verdict.again} deliveries after one that was not complete`,
        `${verdict.lostWithBots} messages were answered to bots that were killed before they had read them`,
        `${callbacks.sent} callbacks sent, ${callbacks.accepted} answered 200; ${site.pulls} pulls; WeCom's faults: ${spoilt || 'none'}`,
        `from WeCom to the bot p50/p99/max ${delays} s; drained in ${seconds(drainMs)} s`,
      ],
      broken: [...brokenOf(verdict), ...complaintsOf(this.#complaints), ...ended],
    };
  }
}

function brokenOf({ written, lost, outOfOrder, unexplained, unmarked, strangers }: MessageVerdict): string[] {
  return [
    ...unless(written > 0, 'no message was written'),
    ...listed('messages were lost', lost),
    ...listed('messages came out of order', outOfOrder),
    ...listed('doubles had no unknown outcome before them', unexplained),
    ...listed('doubles were said to be first attempts', unmarked),
    ...unless(strangers === 0, `${strangers} deliveries were of no message`),
  ];
}

function complaintsOf(complaints: readonly string[]): string[] {
  return listed('complaints of bots', complaints);
}

function listed(what: string, names: readonly string[]): string[] {
  return unless(names.length === 0, `${names.length} ${what}: ${names.slice(0, SHOWN).join('; ')}`);
}
