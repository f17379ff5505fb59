/**
 * A pair of events of one account: while the puppet holds its answer to the first, the second comes. Whatever
 * it then answers to either, in whatever order, a delivery must begin after the second came in. Then one of both often
 * comes again, to any replica, and the puppet drops what it has had.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../accounts.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { newApp, type WecomApp } from '../../../test/support/wecom.js';
import { drain, until } from '../drain.js';
import { Caller, SentEvents } from '../load.js';
import { Manager, UNLIMITED } from '../manager.js';
import { Oracle } from '../oracle.js';
import { stablePort } from '../ports.js';
import { closeHosts, type Delivery, openHosts, type PuppetHost } from '../puppets.js';
import type { Run, StoreKind } from '../run.js';
import { type NotRun, type Row, type Scenario, toRow, unless } from '../scenario.js';

/** How long an answer to WeCom waits for the puppet; around it a delivery changes hands. */
const INLINE_BUDGET_MS = 1_000;
const ARRIVES_WITHIN_MS = 40_000;
/** A pair has its account to itself until it is covered; meanwhile its lane goes on with another one. */
const ACCOUNTS_PER_LANE = 5;
const FREE_WITHIN_MS = 60_000;
const REPORT_EVERY = 10_000;

interface Form {
  readonly title: string;
  readonly store: StoreKind | undefined;
  readonly replicas: number;
  /** Pairs at once, each on an origin of its own. */
  readonly lanes: number;
  readonly pairs: number;
}

export const inFlightRace: Scenario = {
  name: 'race',
  runs: 'in turn',
  run: async (run) => {
    const one = run.isShort ? { lanes: 200, pairs: 600 } : { lanes: 600, pairs: 100_000 };
    const two = run.isShort ? { lanes: 50, pairs: 100 } : { lanes: 200, pairs: 10_000 };
    // Started now, it is there when the first race is over; why it is not is said then.
    run.database().catch(() => undefined);
    return [
      await new Race(run, { title: 'one process', store: undefined, replicas: 1, ...one }).run(),
      await onMongo(run, { title: 'two replicas on MongoDB', store: 'mongodb', replicas: 2, ...two }),
    ];
  },
};

async function onMongo(run: Run, form: Form): Promise<Row | NotRun> {
  try {
    await run.database();
  } catch (error) {
    return { injection: `in-flight race, ${form.title}`, notRun: String(error) };
  }
  return new Race(run, form).run();
}

class Race {
  readonly #random: Seeded;
  readonly #oracle = new Oracle();
  readonly #sent = new SentEvents();
  #callers: Caller[] = [];
  #left: number;
  /** Pairs whose first event was held in its inline delivery, and in a later one. */
  #inline = 0;
  #retried = 0;
  #unheld = 0;

  constructor(
    private readonly run_: Run,
    private readonly form: Form,
  ) {
    this.#random = run_.random(form.title);
    this.#left = form.pairs;
  }

  async run(): Promise<Row> {
    // All pairs begin at once, and each of them is to meet.
    const env = { ...(await this.run_.newStore(this.form.store)), ...UNLIMITED };
    const managers: Manager[] = [];
    for (let number = 0; number < this.form.replicas; number++) {
      managers.push(await Manager.start(this.run_, { port: await stablePort(), env }));
    }
    this.#callers = managers.map(({ port }) => new Caller(port, this.#oracle));
    const hosts = await openHosts(this.form.lanes, this.#oracle);
    const app = newApp();
    const lanes = hosts.map((host) => new Lane(host, app, this.#oracle));
    const accounts = lanes.flatMap((lane) => lane.all);
    const [first] = managers;
    if (!first) throw new Error('there is no manager');
    await first.register(accounts);
    // By then the other replicas have read what was registered.
    if (managers.length > 1) await sleep(3_000);
    await Promise.all(lanes.map((lane) => this.#playPairs(lane)));
    await drain(this.run_, this.#oracle, first, accounts);
    for (const caller of this.#callers) caller.close();
    await Promise.all(managers.map((manager) => manager.stop()));
    await closeHosts(hosts);
    return this.#row();
  }

  async #playPairs(lane: Lane): Promise<void> {
    while (this.#left-- > 0) {
      const account = await lane.nextAccount();
      if (!account) return;
      await this.#playPair(lane.puppetOf(account), account);
      const done = this.#inline + this.#retried;
      if (done % REPORT_EVERY === 0) this.run_.say(`race, ${this.form.title}: ${done} of ${this.form.pairs}`);
      // One that is well between those that fail, so that the origin as a whole stays in use.
      await this.#send(lane.friend);
    }
  }

  async #playPair(puppet: Puppet, account: Account): Promise<void> {
    const isRetried = this.#random.below(2) === 0;
    if (isRetried) puppet.refuseNext();
    const held = puppet.holdNext();
    const first = this.#send(account);
    const delivery = await held;
    if (delivery) await this.#meet(puppet, account, delivery);
    else this.#unheld++;
    if (isRetried) this.#retried++;
    else this.#inline++;
    await first;
    puppet.reset();
  }

  async #meet(puppet: Puppet, account: Account, first: Delivery): Promise<void> {
    await sleep(this.#untilSecond());
    if (this.#random.below(2) === 0) puppet.refuseNext();
    const second = this.#send(account);
    await sleep(this.#random.below(8));
    if (this.#random.below(4) > 0) first.take();
    else first.refuse();
    await second;
    if (this.#random.below(3) === 0) return;
    if (this.#random.below(2) === 0) puppet.refuseNext();
    await this.#sent.sendAgain(this.#random.pick(this.#callers), account, this.#random.below);
  }

  /** At once, or around the moment at which the inline delivery of the first is handed over. */
  #untilSecond(): number {
    return this.#random.below(2) === 0
      ? this.#random.below(20)
      : INLINE_BUDGET_MS - 60 + this.#random.below(120);
  }

  async #send(account: Account): Promise<void> {
    await this.#sent.send(this.#random.pick(this.#callers), account);
  }

  #row(): Row {
    const { title, pairs, lanes } = this.form;
    const described = {
      injection: `in-flight race, ${title}`,
      length: `${pairs.toLocaleString('en-US')} pairs`,
      load: `${lanes} pairs at once`,
    };
    return toRow(described, this.#oracle, {
      remarks: [
        `${this.#inline} pairs met in an inline delivery, ${this.#retried} in one from the outbox`,
        ...unless(this.#unheld === 0, `${this.#unheld} first events never came to be held`),
      ],
      broken: unless(
        this.#unheld * 100 < pairs,
        'more than 1 % of the first events never reached the puppet',
      ),
    });
  }
}

/** One origin with some accounts, of which pairs take one after the other. */
class Lane {
  readonly friend: Account;
  readonly #puppets = new Map<string, Puppet>();
  #accounts: Account[];

  constructor(
    host: PuppetHost,
    app: WecomApp,
    private readonly oracle: Oracle,
  ) {
    this.friend = host.newAccount(app);
    this.#accounts = Array.from({ length: ACCOUNTS_PER_LANE }, () => host.newAccount(app));
    for (const { openKfId } of this.#accounts) this.#puppets.set(openKfId, new Puppet());
    host.behave = (delivery) => {
      const puppet = this.#puppets.get(delivery.openKfId);
      if (puppet) puppet.answer(delivery);
      else delivery.take();
    };
  }

  get all(): Account[] {
    return [this.friend, ...this.#accounts];
  }

  puppetOf({ openKfId }: Account): Puppet {
    const puppet = this.#puppets.get(openKfId);
    if (!puppet) throw new Error('there is no such puppet');
    return puppet;
  }

  /**
   * The longest unused of those whose pair is over, because a further event would hide the loss of an earlier one.
   * @returns `null` when none ever is.
   */
  async nextAccount(): Promise<Account | null> {
    const isCovered = ({ openKfId }: Account) => this.oracle.isCovered(openKfId);
    await until(() => this.#accounts.some(isCovered), FREE_WITHIN_MS);
    const next = this.#accounts.find(isCovered);
    if (!next) return null;
    this.#accounts = [...this.#accounts.filter((account) => account !== next), next];
    return next;
  }
}

/** What the puppet does with the next deliveries; any further one it takes. */
class Puppet {
  #script: ((delivery: Delivery) => void)[] = [];

  answer(delivery: Delivery): void {
    const act = this.#script.shift() ?? ((one) => one.take());
    act(delivery);
  }

  refuseNext(): void {
    this.#script.push((delivery) => delivery.refuse());
  }

  /** @returns `null` when none comes in time. */
  holdNext(): Promise<Delivery | null> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => resolve(null), ARRIVES_WITHIN_MS);
      this.#script.push((delivery) => {
        clearTimeout(limit);
        resolve(delivery);
      });
    });
  }

  reset(): void {
    this.#script = [];
  }
}
