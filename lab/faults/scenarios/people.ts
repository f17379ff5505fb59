/**
 * Customers who are welcomed, ask the bot, ask for people, are served and come back to the bot, while managers and bots are
 * killed. Each has to be shown each text once, and nobody is to be given to the bot while people have them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../../packages/simulator/simulator.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { Conversations } from '../people/conversations.js';
import {
  BY_LOST_CODE,
  customersOf,
  expectedTexts,
  FOR_THE_BOT,
  goRound,
  SESSION,
  STEPS,
} from '../people/customer-round.js';
import { answerTo, PeopleBot } from '../people/people-bot.js';
import { stablePort } from '../ports.js';
import type { Run } from '../run.js';
import { listed, type NotRun, type Row, type Scenario } from '../scenario.js';
import { Stage } from '../stage.js';

interface Form {
  readonly customers: number;
  readonly accounts: number;
  /** Customers who are on their way at the same time. */
  readonly atOnce: number;
  /** Of managers, and as many of bots. */
  readonly kills: number;
}

const SHORT: Form = { customers: 24, accounts: 4, atOnce: 12, kills: 1 };
const LONG: Form = { customers: 1_000, accounts: 20, atOnce: 24, kills: 5 };
const REPLICAS = 2;
const EXPECTED = expectedTexts(answerTo);
const INJECTION = 'bot and people, two replicas on MongoDB';
/** By then each replica knows of the bot. */
const KNOWN_EVERYWHERE_MS = 3_000;
const BOT_DOWN_MS_MAX = 2_500;
const POLL_MS = 20;
const REPORT_MS = 30_000;
/** What should not come any more comes by then. */
const AFTERWARDS_MS = 15_000;
/** A process that dies so soon after WeCom's answer may not have stored the code that it brings. */
const NOT_STORED_MS = 1_500;

export const people: Scenario = {
  name: 'people',
  runs: 'in turn',
  run: async (run) => {
    try {
      await run.database();
    } catch (error) {
      return [{ injection: INJECTION, notRun: String(error) } satisfies NotRun];
    }
    return [await new People(run, run.isShort ? SHORT : LONG).run()];
  },
};

class People {
  readonly #random: Seeded;
  #botKills = 0;
  #steps = 0;

  constructor(
    private readonly run_: Run,
    private readonly form: Form,
  ) {
    this.#random = run_.random('people');
  }

  async run(): Promise<Row> {
    const { run_: run, form } = this;
    const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what} ${n}`);
    const wecom = await startSimulator({
      accounts: names('account', form.accounts),
      customers: names('customer', form.customers),
    });
    run.onEnd(() => wecom.close().catch(() => undefined));
    const conversations = new Conversations(wecom);
    const site = { store: 'mongodb', replicas: REPLICAS, killing: null } as const;
    const stage = await Stage.open(run, wecom, site);
    const bot = new PeopleBot(await stablePort(), stage.nextUrl);
    await bot.up();
    run.onEnd(() => bot.kill());
    await bot.add(wecom, SESSION);
    await sleep(KNOWN_EVERYWHERE_MS);
    await stage.saveCallback();
    const stopReporting = this.#reportNowAndThen(stage);
    const startedMs = performance.now();
    const did = () => {
      this.#steps++;
      stage.turn();
    };
    const failed: string[] = [];
    await Promise.all([
      this.#sendAllRound(wecom, conversations, did, failed),
      this.#nowAndThen(() => this.#random.pick(stage.replicas).kill(this.#random)),
      this.#nowAndThen(() => this.#killBot(bot)),
    ]);
    const tookMs = performance.now() - startedMs;
    await sleep(run.isShort ? AFTERWARDS_MS / 10 : AFTERWARDS_MS);
    stopReporting();
    const ended = await stage.stop();
    await bot.kill();
    await wecom.close();
    return this.#toRow(wecom, conversations, bot, stage.killedAtMs, tookMs, [...failed, ...ended]);
  }

  async #sendAllRound(
    wecom: Simulator,
    conversations: Conversations,
    did: () => void,
    failed: string[],
  ): Promise<void> {
    const left = [...customersOf(wecom)];
    const work = async () => {
      for (let next = left.shift(); next !== undefined && !this.run_.isEnding; next = left.shift())
        await goRound(wecom, conversations, next, answerTo, did).catch(
          (error) => void failed.push(String(error)),
        );
    };
    await Promise.all(Array.from({ length: this.form.atOnce }, work));
  }

  async #killBot(bot: PeopleBot): Promise<void> {
    await bot.kill();
    this.#botKills++;
    await sleep(this.#random.below(BOT_DOWN_MS_MAX));
    await bot.up();
  }

  /** At random moments of the first nine tenths. */
  async #nowAndThen(what: () => Promise<void>): Promise<void> {
    const { kills, customers } = this.form;
    const every = Math.floor((customers * STEPS * 0.9) / kills);
    for (let n = 0; n < kills; n++) {
      const at = every * n + this.#random.below(every);
      while (this.#steps < at && !this.run_.isEnding) await sleep(POLL_MS);
      if (!this.run_.isEnding) await what();
    }
  }

  #reportNowAndThen({ killedAtMs }: Stage): () => void {
    const timer = setInterval(() => {
      const of = this.form.customers * STEPS;
      this.run_.say(
        `people: ${this.#steps} of ${of} steps; ${killedAtMs.length} managers and ${this.#botKills} bots killed`,
      );
    }, REPORT_MS);
    return () => clearInterval(timer);
  }

  #toRow(
    wecom: Simulator,
    conversations: Conversations,
    bot: PeopleBot,
    killedAtMs: readonly number[],
    tookMs: number,
    broken: readonly string[],
  ): Row {
    const [missing, twice, strange]: [string[], string[], string[]] = [[], [], []];
    let lostCodes = 0;
    for (const { externalUserId: customer } of wecom.customers) {
      const texts = conversations.shownTo(customer).map(({ text }) => text);
      for (const text of EXPECTED) {
        const count = texts.filter((one) => one === text).length;
        if (count > 1) twice.push(text);
        if (count > 0) continue;
        if (text === BY_LOST_CODE && isCodeLost(conversations, customer, killedAtMs)) lostCodes++;
        else missing.push(text);
      }
      strange.push(...texts.filter((text) => !EXPECTED.includes(text)));
    }
    const silent = bot.given.filter(({ text }) => !FOR_THE_BOT.includes(text)).map(({ text }) => text);
    const distinct = new Set(bot.given.map(({ customer, text }) => `${customer} ${text}`));
    const expected = wecom.customers.length * EXPECTED.length;
    const calls = (api: string) => conversations.calls.get(api) ?? 0;
    return {
      injection: INJECTION,
      length: `${killedAtMs.length} kills of managers, ${this.#botKills} of bots`,
      load: `${this.form.customers} customers, ${this.form.atOnce} at once, over ${this.form.accounts} accounts`,
      sent: expected,
      accepted: expected - missing.length - lostCodes,
      lost: missing.length,
      duplicates: bot.given.length - distinct.size,
      recovery: null,
      othersP99: null,
      remarks: [
        `n are texts for customers, ${EXPECTED.length} for each; duplicates are messages that the bot was given again`,
        `${lostCodes} texts whose code was lost with a process that died while WeCom answered`,
        `${calls('kf/sync_msg')} pulls, ${calls('kf/service_state/get')} questions for the state, ${calls('kf/service_state/trans')} transfers, in ${(tookMs / 1_000).toFixed(0)} s`,
      ],
      broken: [
        ...listed('texts that were not shown', missing),
        ...listed('texts that were shown twice', twice),
        ...listed('texts that nobody wrote for the customer', strange),
        ...listed('messages for people that the bot was given', silent),
        ...listed(
          'replies that WeCom refused because of people',
          Array<string>(conversations.refused).fill('95018'),
        ),
        ...listed('complaints of the bot', bot.complaints),
        ...broken,
      ],
    };
  }
}

function isCodeLost({ toPoolAtMs }: Conversations, customer: string, killedAtMs: readonly number[]): boolean {
  const atMs = toPoolAtMs.get(customer);
  return (
    atMs !== undefined &&
    killedAtMs.some((killedMs) => killedMs >= atMs - NOT_STORED_MS / 2 && killedMs - atMs < NOT_STORED_MS)
  );
}
