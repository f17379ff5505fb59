/**
 * Agents of each form, whose services are slow, refuse questions and break off, while managers are killed. Each question has to be
 * answered once and in the customer's order, also where the customer was told to wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_FORMS } from '../../../packages/simulator/services/service-forms.js';
import { type Simulator, startSimulator } from '../../../packages/simulator/simulator.js';
import { postJson } from '../../../test/support/puppet-server.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { whenServed } from '../../../test/support/until.js';
import { AgentAccount, type AgentsForm, CUT_ONE_IN, FAIL_ONE_IN } from '../agents/agent-account.js';
import { SeenWecom } from '../agents/seen-wecom.js';
import type { Durations } from '../durations.js';
import { AGENT_FAILPOINTS, type AgentFailpoint, buildWithFailpoints, type Killing } from '../failpoints.js';
import type { Run, StoreKind } from '../run.js';
import { listed, type NotRun, type Row, type Scenario, unless } from '../scenario.js';
import { Stage } from '../stage.js';

const SHORT: AgentsForm = {
  ...{ customers: 6, messages: 2, atOnce: 6, kills: 1 },
  ...{ serviceMs: { from: 50, to: 500 }, fallbackAfterS: 5, answerMs: 90_000 },
};
const LONG: AgentsForm = {
  ...{ customers: 200, messages: 5, atOnce: 90, kills: 5 },
  ...{ serviceMs: { from: 2_000, to: 20_000 }, fallbackAfterS: 15, answerMs: 400_000 },
};

interface Site {
  readonly title: string;
  readonly store: StoreKind;
  readonly replicas: number;
}

const ONE: Site = { title: 'one process', store: 'embedded', replicas: 1 };
const TWO: Site = { title: 'two replicas on MongoDB', store: 'mongodb', replicas: 2 };
/** By then each replica knows of the bots. */
const KNOWN_EVERYWHERE_MS = 3_000;
const POLL_MS = 20;
const REPORT_MS = 30_000;
/** What should not come any more comes by then. */
const AFTERWARDS_MS = 10_000;
/** So much later than it should, somebody who waits may be told so: a manager that was killed has to come back. */
const TOLD_LATE_MS = 5_000;
/** The account has had a text of that `msgid`. */
const HAD_BEFORE = 40_058;

export const agents: Scenario = {
  name: 'agents',
  runs: 'in turn',
  run: async (run) => {
    const form = run.isShort ? SHORT : LONG;
    if (run.isShort)
      return (await Promise.all([new Agents(run, ONE, form, null).run(), onMongo(run, form, null)])).flat();
    const points = Object.keys(AGENT_FAILPOINTS) as AgentFailpoint[];
    const killing = { main: buildWithFailpoints(run), points };
    return [...(await new Agents(run, ONE, form, killing).run()), ...(await onMongo(run, form, killing))];
  },
};

async function onMongo(
  run: Run,
  form: AgentsForm,
  killing: Killing | null,
): Promise<readonly (Row | NotRun)[]> {
  try {
    await run.database();
  } catch (error) {
    return [{ injection: `agents, ${TWO.title}`, notRun: String(error) }];
  }
  return new Agents(run, TWO, form, killing).run();
}

class Agents {
  readonly #random: Seeded;

  constructor(
    private readonly run_: Run,
    private readonly site: Site,
    private readonly form: AgentsForm,
    private readonly killing: Killing | null,
  ) {
    this.#random = run_.random(`agents ${site.title}`);
  }

  async run(): Promise<Row[]> {
    const { run_: run, form, site } = this;
    const names = (count: number) => Array.from({ length: count }, (_, n) => String(n));
    const wecom = await startSimulator({ accounts: SERVICE_FORMS, customers: names(form.customers) });
    run.onEnd(() => wecom.close().catch(() => undefined));
    const accounts = await this.#openAccounts(wecom);
    const seen = new SeenWecom(wecom, ({ openKfId, customer, text }) =>
      accounts.find((account) => account.openKfId === openKfId)?.oracle.shown(customer, text),
    );
    const stage = await Stage.open(run, wecom, { ...site, killing: this.killing });
    await this.#add(wecom, stage, accounts);
    const stopReporting = this.#reportNowAndThen(stage, accounts);
    const startedMs = performance.now();
    await Promise.all([
      ...accounts.map((account) => account.talk(form, stage.turn, () => run.isEnding)),
      this.#kill(stage, accounts),
    ]);
    const tookMs = performance.now() - startedMs;
    await sleep(run.isShort ? AFTERWARDS_MS / 10 : AFTERWARDS_MS);
    stopReporting();
    const left = await Promise.all(accounts.map(({ openKfId }) => leftOf(stage, openKfId)));
    const broken = await stage.stop();
    await Promise.all(accounts.map((account) => account.close()));
    await wecom.close();
    return accounts.map((account, n) =>
      this.#toRow(account, seen, stage, tookMs, [...(left[n] ?? []), ...broken]),
    );
  }

  async #openAccounts(wecom: Simulator): Promise<readonly AgentAccount[]> {
    const accounts: AgentAccount[] = [];
    for (const [n, form] of SERVICE_FORMS.entries()) {
      const openKfId = wecom.accounts[n]?.openKfId ?? '';
      const account = await AgentAccount.open(wecom, form, openKfId, this.form, this.#random);
      this.run_.onEnd(() => account.close().catch(() => undefined));
      accounts.push(account);
    }
    return accounts;
  }

  async #add(wecom: Simulator, stage: Stage, accounts: readonly AgentAccount[]): Promise<void> {
    const url = `${stage.nextUrl()}/api/v1`;
    const { corpId, callback } = wecom;
    const { token, encodingAESKey } = callback;
    await post(`${url}/apps`, { corpId, token, encodingAESKey });
    for (const account of accounts) await post(`${url}/bots`, account.bot(this.form.fallbackAfterS));
    if (this.site.replicas > 1) await sleep(KNOWN_EVERYWHERE_MS);
    await stage.saveCallback();
  }

  /** In turn, at random moments of the first nine tenths. */
  async #kill({ replicas }: Stage, accounts: readonly AgentAccount[]): Promise<void> {
    const { kills, customers, messages } = this.form;
    const every = Math.floor((accounts.length * customers * messages * 0.9) / kills);
    const written = () => accounts.reduce((sum, account) => sum + account.written, 0);
    for (let n = 0; n < kills; n++) {
      const at = every * n + this.#random.below(every);
      while (written() < at && !this.run_.isEnding) await sleep(POLL_MS);
      if (!this.run_.isEnding) await replicas[n % replicas.length]?.kill(this.#random);
    }
  }

  #reportNowAndThen(stage: Stage, accounts: readonly AgentAccount[]): () => void {
    const timer = setInterval(() => {
      const states = accounts.map(({ form, oracle, written }) => `${form} ${oracle.answered} of ${written}`);
      this.run_.say(
        `agents, ${this.site.title}: answered ${states.join(', ')}; ${stage.killedAtMs.length} managers killed`,
      );
    }, REPORT_MS);
    return () => clearInterval(timer);
  }

  #toRow(
    { form, oracle, openKfId }: AgentAccount,
    seen: SeenWecom,
    stage: Stage,
    tookMs: number,
    broken: readonly string[],
  ): Row {
    const { customers, atOnce, serviceMs, fallbackAfterS } = this.form;
    const verdict = oracle.verdict(fallbackAfterS * 1_000 + TOLD_LATE_MS);
    const { questions, unanswered, calls, failedCalls, repeatedCalls, toldToWait, untold, cutOff } = verdict;
    const refused = new Map(seen.refusedOf(openKfId));
    const hadBefore = refused.get(HAD_BEFORE) ?? 0;
    refused.delete(HAD_BEFORE);
    return {
      injection: `agent of form ${form}, ${this.site.title}`,
      length: `${stage.killedAtMs.length} kills, ${stage.killsInside} of them at instants of the code`,
      load: `${customers} customers, ${atOnce} at once; the service takes ${serviceMs.from / 1_000} to ${serviceMs.to / 1_000} s`,
      sent: questions,
      accepted: questions - unanswered.length,
      lost: unanswered.length,
      duplicates: repeatedCalls,
      recovery: null,
      othersP99: null,
      remarks: [
        `n are questions; the service was asked ${calls} times, refused 1 in ${FAIL_ONE_IN} and cut 1 in ${CUT_ONE_IN} (${failedCalls}); duplicates are calls for a question that it had answered`,
        `${toldToWait} customers were told to wait, ${untold} waited ${fallbackAfterS + TOLD_LATE_MS / 1_000} s and were not told`,
        `${hadBefore} texts were sent again and refused by their msgid; ${cutOff} answers cut off`,
        `without the time of the service p50/p99/max ${spread(oracle.delaysOnce)} for questions asked once, ${spread(oracle.delays)} for all; all forms in ${(tookMs / 1_000).toFixed(0)} s`,
      ],
      broken: [
        ...listed('questions were not answered', unanswered),
        ...listed('questions were answered twice', verdict.twice),
        ...listed('answers came out of order', verdict.outOfOrder),
        ...listed('texts that nobody wrote for the customer', verdict.strange),
        ...listed('questions whose customers were told twice to wait', verdict.toldAgain),
        ...listed('customers were told to wait who waited for nothing', verdict.toldInVain),
        ...[...refused].map(([errcode, count]) => `WeCom refused ${count} texts with ${errcode}`),
        ...broken,
      ],
    };
  }
}

/** Messages of the account that still wait, or are dead. */
async function leftOf(stage: Stage, openKfId: string): Promise<string[]> {
  const left = await Promise.all(
    ['waiting', 'dead'].map(async (state) => {
      const url = `${stage.nextUrl()}/api/v1/messages?state=${state}&openKfId=${openKfId}`;
      const response = await whenServed(() => fetch(url));
      const { items } = (await response.json()) as { readonly items: readonly unknown[] };
      return unless(items.length === 0, `${items.length} messages are ${state}`);
    }),
  );
  return left.flat();
}

async function post(url: string, body: object): Promise<void> {
  const response = await whenServed(() => postJson(url, body));
  if (!response.ok) throw new Error(`${new URL(url).pathname}: ${response.status} ${await response.text()}`);
}

function spread(durations: Durations): string {
  return `${[0.5, 0.99, 1].map((share) => (durations.percentile(share) / 1_000).toFixed(2)).join(' / ')} s`;
}
