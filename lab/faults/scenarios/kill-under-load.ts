/**
 * SIGKILL at random instants while callbacks pour in, some of them again, and part of the puppets do not take theirs. A
 * tenth of the accounts have a bot in WeCom's own form. Every other manager can write no delivery log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../accounts.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { newApp } from '../../../test/support/wecom.js';
import { drain, until } from '../drain.js';
import { Caller, Load, SentEvents } from '../load.js';
import { LogFolder } from '../log-folder.js';
import { Manager, type ManagerOptions } from '../manager.js';
import { Oracle } from '../oracle.js';
import { stablePort } from '../ports.js';
import { type Behaviour, closeHosts, openHosts, type PuppetHost, refuse, take } from '../puppets.js';
import { Recovery } from '../recovery.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const ACCOUNTS = 200;
const RATE_PER_S = 200;
const AGAIN_EVERY = 8;
/** Takes WeCom's own form, and registers nowhere. */
const BOT_EVERY = 10;
const ON_ITS_WAY_MS = 20_000;
/** Every so many kills what was due gets the time that it may take. */
const PATIENT_EVERY = 10;
const REPORT_EVERY = 20;
/** What a process sent before it was killed may still have to be read here; a new one takes longer to start. */
const LAST_WORDS_MS = 100;

export const killUnderLoad: Scenario = {
  name: 'kill',
  runs: 'in turn',
  run: async (run) => [await new KillUnderLoad(run).run()],
};

class KillUnderLoad {
  readonly #kills: number;
  readonly #random: Seeded;
  readonly #oracle = new Oracle();
  readonly #recovery = new Recovery(this.#oracle);
  readonly #down = new Set<string>();
  /** They get no callbacks until what was answered 200 at a kill is covered: a newer event would hide its loss. */
  readonly #quiet = new Set<string>();
  #accounts: Account[] = [];
  #hosts: PuppetHost[] = [];
  #early = 0;

  constructor(private readonly run_: Run) {
    this.#kills = run_.isShort ? 4 : 300;
    this.#random = run_.random('kill');
  }

  async run(): Promise<Row> {
    const run = this.run_;
    await this.#openPuppets();
    const options = { port: await stablePort(), env: await run.newStore() };
    const logFolder = new LogFolder(options.env);
    const caller = new Caller(options.port, this.#oracle);
    const sent = new SentEvents();
    let manager = await Manager.start(run, options);
    const isBot = (_account: Account, index: number) => index % BOT_EVERY === 0;
    await manager.addBots(this.#accounts.filter(isBot));
    await manager.register(this.#accounts.filter((account, index) => !isBot(account, index)));
    const load = new Load({
      ratePerS: RATE_PER_S,
      pick: () => this.#pick(),
      send: (account) =>
        this.#random.below(AGAIN_EVERY) === 0
          ? sent.sendAgain(caller, account, this.#random.below)
          : sent.send(caller, account),
    }).start();
    for (let number = 1; number <= this.#kills; number++) {
      manager = await this.#killAndStart(manager, options, number, logFolder);
      if (number % REPORT_EVERY === 0) run.say(`kill: ${number} of ${this.#kills}`);
    }
    const late = await this.#wait();
    await load.stop();
    const drainMs = await this.#drain(manager);
    caller.close();
    await logFolder.count(manager);
    logFolder.giveBack();
    const logBroken = await logFolder.broken(manager);
    const code = await manager.stop();
    await closeHosts(this.#hosts);
    return this.#row(drainMs, late, code, logFolder.remarks, logBroken);
  }

  async #openPuppets(): Promise<void> {
    this.#hosts = await openHosts(ACCOUNTS, this.#oracle);
    // A corp for each, since hints that are older than their sync token go out at 6 a minute and corp.
    this.#accounts = this.#hosts.map((host) => host.newAccount(newApp()));
    for (const [index, host] of this.#hosts.entries()) {
      const { behave, isDown } = this.#fateOf(index % 20);
      host.behave = behave;
      const account = this.#accounts[index];
      if (isDown && account) this.#down.add(account.openKfId);
    }
    for (let index = 19; index < ACCOUNTS; index += 20) await this.#hosts[index]?.down();
  }

  /** Of 20 puppets 12 are well, 4 slow, 1 flaky; 2 refuse and 1 is not there until the end. */
  #fateOf(index: number): { behave: Behaviour; isDown: boolean } {
    if (index < 12) return { behave: take, isDown: false };
    if (index < 16) return { behave: (one) => this.#takeLater(one), isDown: false };
    if (index < 17) return { behave: (one) => this.#takeAtTimes(one), isDown: false };
    return { behave: refuse, isDown: true };
  }

  /** Up to twice the time that the manager waits before it keeps the event. */
  #takeLater: Behaviour = (delivery) => {
    setTimeout(() => delivery.take(), this.#random.below(2_000));
  };

  #takeAtTimes: Behaviour = (delivery) => {
    if (this.#random.below(2) === 0) delivery.take();
    else delivery.refuse();
  };

  #pick(): Account | null {
    const account = this.#random.pick(this.#accounts);
    if (!this.#quiet.has(account.openKfId)) return account;
    if (this.#oracle.isCovered(account.openKfId)) {
      this.#quiet.delete(account.openKfId);
      return account;
    }
    return null;
  }

  async #killAndStart(
    manager: Manager,
    options: ManagerOptions,
    number: number,
    logFolder: LogFolder,
  ): Promise<Manager> {
    if (number % PATIENT_EVERY === 0) await this.#wait();
    else await sleep(50 + this.#random.below(this.run_.isShort ? 2_000 : 3_000));
    await logFolder.count(manager);
    await this.#kill(manager);
    logFolder.turn();
    let next = Manager.spawn(this.run_, options);
    if (this.#random.below(10) === 0) {
      // One that is killed while it starts, for whatever it does to its store then.
      await sleep(this.#random.below(600));
      await this.#kill(next);
      this.#early++;
      next = Manager.spawn(this.run_, options);
    }
    this.#recovery.begin(await next.whenReady());
    return next;
  }

  async #kill(manager: Manager): Promise<void> {
    await manager.kill();
    await sleep(LAST_WORDS_MS);
    this.#hush();
  }

  /** The accounts that wait for a puppet which is there, and few of the others. */
  #hush(): void {
    for (const openKfId of this.#oracle.listUncovered()) {
      if (!this.#down.has(openKfId) || this.#random.below(100) < 3) this.#quiet.add(openKfId);
    }
    this.#recovery.fault([...this.#quiet]);
  }

  /** @returns how many hints were due and not on their way when the time was over. */
  async #wait(): Promise<number> {
    await until(() => this.#recovery.waiting === 0, ON_ITS_WAY_MS);
    return this.#recovery.end();
  }

  async #drain(manager: Manager): Promise<number> {
    for (const host of this.#hosts) {
      host.behave = take;
      await host.up();
    }
    return drain(this.run_, this.#oracle, manager, this.#accounts);
  }

  #row(
    drainMs: number,
    late: number,
    code: unknown,
    logRemarks: readonly string[],
    logBroken: readonly string[],
  ): Row {
    const { durations } = this.#recovery;
    const described = {
      injection: 'kill under load',
      length: `${this.#kills} kills${this.#early > 0 ? ` and ${this.#early} during the start` : ''}`,
      load: `${RATE_PER_S}/s over ${ACCOUNTS} accounts, 15 % down, 25 % slow or flaky; one in ${AGAIN_EVERY} comes again`,
    };
    return toRow(described, this.#oracle, {
      recovery: durations,
      remarks: [
        `${durations.count} hints were due or under way at a kill`,
        `all puppets back: drained in ${(drainMs / 1_000).toFixed(1)} s`,
        ...logRemarks,
      ],
      broken: [
        ...unless(
          durations.maxMs <= ON_ITS_WAY_MS && late === 0,
          'a hint was on its way later than 20 s after the restart',
        ),
        ...unless(code === 0, `the manager ended with ${code} on SIGTERM`),
        ...logBroken,
      ],
    });
  }
}
