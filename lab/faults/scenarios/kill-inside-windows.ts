/**
 * SIGKILL at the four instants at which a crash would hurt most. Each round has accounts of its own that get
 * nothing more after the kill, so that no newer event can hide a loss.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../accounts.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { newApp } from '../../../test/support/wecom.js';
import { drain } from '../drain.js';
import { buildWithFailpoints, FAILPOINTS, type Failpoint, failpointEnv } from '../failpoints.js';
import { Caller, Load } from '../load.js';
import { Manager, type ManagerOptions } from '../manager.js';
import { Oracle } from '../oracle.js';
import { stablePort } from '../ports.js';
import { type Behaviour, closeHosts, openHosts, type PuppetHost, take } from '../puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const ACCOUNTS_PER_ROUND = 10;
const RATE_PER_S = 100;
const REACHED_WITHIN_MS = 15_000;
const PASSINGS_MAX = 8;
const REPORT_EVERY = 10;

export const killInsideWindows: Scenario = {
  name: 'windows',
  runs: 'in turn',
  run: async (run) => {
    const main = buildWithFailpoints(run);
    const names = Object.keys(FAILPOINTS) as Failpoint[];
    return Promise.all(names.map((name) => new Windows(run, main, name).run()));
  },
};

class Windows {
  readonly #rounds: number;
  readonly #random: Seeded;
  readonly #oracle = new Oracle();
  #options!: ManagerOptions;
  #caller!: Caller;
  #hosts: PuppetHost[] = [];
  #reached = 0;

  constructor(
    private readonly run_: Run,
    private readonly main: string,
    private readonly name: Failpoint,
  ) {
    this.#rounds = run_.isShort ? 1 : 50;
    this.#random = run_.random(name);
  }

  async run(): Promise<Row> {
    this.#options = { port: await stablePort(), env: await this.run_.newStore() };
    this.#caller = new Caller(this.#options.port, this.#oracle);
    this.#hosts = await openHosts(ACCOUNTS_PER_ROUND, this.#oracle, this.#takeAtTimes);
    const app = newApp();
    const accounts = Array.from({ length: this.#rounds }, () =>
      this.#hosts.map((host) => host.newAccount(app)),
    );
    for (const [index, ofRound] of accounts.entries()) {
      await this.#untilKilled(ofRound);
      if (!this.run_.isShort) await this.#startBetween();
      const round = index + 1;
      if (round % REPORT_EVERY === 0) this.run_.say(`windows, ${this.name}: ${round} of ${this.#rounds}`);
    }
    const manager = await Manager.start(this.run_, this.#options);
    for (const host of this.#hosts) host.behave = take;
    await drain(this.run_, this.#oracle, manager, accounts.flat());
    this.#caller.close();
    await manager.stop();
    await closeHosts(this.#hosts);
    return this.#row();
  }

  /** Some are kept and tried again, and some are taken, so that every window is passed all the time. */
  #takeAtTimes: Behaviour = (delivery) => {
    if (this.#random.below(3) > 0) delivery.take();
    else delivery.refuse();
  };

  /** The product itself, for a moment, on what the killed one left. */
  async #startBetween(): Promise<void> {
    const manager = await Manager.start(this.run_, this.#options);
    await sleep(this.#random.below(300));
    await manager.kill();
  }

  async #untilKilled(accounts: readonly Account[]): Promise<void> {
    // The short form has one round. On a busy machine its kill may come before any 200, and then there is nothing to judge. So
    // one callback is answered before the load begins; it passes the instant twice at most.
    const passingsMin = this.run_.isShort ? 3 : 1;
    const passings = passingsMin + this.#random.below(PASSINGS_MAX);
    const env = { ...this.#options.env, ...failpointEnv(this.name, passings) };
    const manager = Manager.spawn(this.run_, { ...this.#options, main: this.main, env });
    // Hints of earlier rounds may lead into the window before it is ready or has registered anybody.
    const registered = manager.whenReady().then(() => manager.register(accounts));
    await Promise.race([registered.catch(() => undefined), manager.exited]);
    if (this.run_.isShort) await this.#caller.send(this.#random.pick(accounts));
    const load = new Load({
      ratePerS: RATE_PER_S,
      pick: () => this.#random.pick(accounts),
      send: (account) => this.#caller.send(account),
    }).start();
    const late = sleep(REACHED_WITHIN_MS, 'late', { ref: false });
    if ((await Promise.race([manager.exited, late])) === 'SIGKILL') this.#reached++;
    await manager.kill();
    await load.stop();
  }

  #row(): Row {
    const described = {
      injection: `kill ${FAILPOINTS[this.name]}`,
      length: `${this.#reached} kills`,
      load: `${RATE_PER_S}/s over ${ACCOUNTS_PER_ROUND} accounts, each round new ones`,
    };
    const missed = this.#rounds - this.#reached;
    return toRow(described, this.#oracle, {
      broken: unless(missed === 0, `${this.name} was not reached in ${missed} of ${this.#rounds} rounds`),
    });
  }
}
