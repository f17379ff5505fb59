/** What is done to managers, bots, WeCom and the database while messages are written. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_FAULTS } from '../../../packages/simulator/faults.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { until } from '../drain.js';
import type { Run } from '../run.js';
import type { TcpProxy } from '../tcp-proxy.js';
import { type KfCorp, TROUBLES } from './kf-corp.js';
import type { MessageBot } from './message-bot.js';
import type { MessageManagers } from './message-managers.js';
import type { MessageOracle } from './message-oracle.js';
import type { MessagesForm } from './messages-form.js';

const POLL_MS = 10;
const BOT_DOWN_MS_MAX = 2_500;
const TROUBLE_MS_MIN = 300;
const OUTAGE_MS_MIN = 500;
const MET_WITHIN_MS = 5_000;
/** Of each trouble. */
const ROUNDS = 8;

/** To whom it is done. */
export interface Injured {
  readonly managers: MessageManagers;
  readonly bots: readonly MessageBot[];
  readonly corps: readonly KfCorp[];
  /** The way to the database; `null` where there is none. */
  readonly proxy: TcpProxy | null;
}

export class MessageInjections {
  botKills = 0;
  outages = 0;

  constructor(
    private readonly run: Run,
    private readonly form: MessagesForm,
    private readonly oracle: MessageOracle,
    private readonly random: Seeded,
  ) {}

  /** Resolves when all was done, and everything is there again. */
  async inject(injured: Injured): Promise<void> {
    await Promise.all([
      this.#nowAndThen(this.form.managerKills, () => injured.managers.killOne(this.random)),
      this.#killBots(injured.bots),
      this.#troubleWecom(injured.corps),
      this.#breakDatabase(injured.proxy),
    ]);
  }

  async #killBots(bots: readonly MessageBot[]): Promise<void> {
    const back: Promise<void>[] = [];
    await this.#nowAndThen(this.form.botKills, async () => {
      const bot = this.random.pick(bots.filter(({ isUp }) => isUp));
      await bot.kill();
      this.botKills++;
      back.push(sleep(this.random.below(BOT_DOWN_MS_MAX)).then(() => bot.up()));
    });
    await Promise.all(back);
  }

  async #troubleWecom(corps: readonly KfCorp[]): Promise<void> {
    const { troubles } = this.form;
    const rounds = this.run.isShort ? troubles.length : troubles.length * ROUNDS;
    let at = 0;
    await this.#nowAndThen(rounds, async () => {
      const trouble = troubles[at++ % troubles.length] ?? 'busy';
      const corp = this.random.pick(corps);
      const { faults } = corp.wecom;
      const before = corp.spoilt;
      Object.assign(faults, TROUBLES[trouble]);
      await sleep(TROUBLE_MS_MIN + this.random.below(this.run.isShort ? 500 : 3_000));
      // The manager may be away, or the corp's accounts have nothing to pull.
      if (trouble !== 'repeats') await until(() => corp.spoilt > before, MET_WITHIN_MS);
      Object.assign(faults, NO_FAULTS);
    });
  }

  async #breakDatabase(proxy: TcpProxy | null): Promise<void> {
    if (proxy === null) return;
    await this.#nowAndThen(this.form.outages, async () => {
      const fromMs = performance.now();
      proxy.break();
      await sleep(OUTAGE_MS_MIN + this.random.below(this.run.isShort ? 1_000 : 4_000));
      proxy.mend();
      this.outages++;
      this.oracle.fault({ fromMs, toMs: performance.now(), openKfId: null });
    });
  }

  /** So many times while messages are written, at random ones of them, one after the other. */
  async #nowAndThen(times: number, what: () => Promise<void>): Promise<void> {
    const every = this.form.messages / Math.max(1, times);
    for (let time = 0; time < times && !this.run.isEnding; time++) {
      const at = every * time + this.random.below(Math.max(1, Math.floor(every)));
      while (this.oracle.written < at && !this.run.isEnding) await sleep(POLL_MS);
      if (!this.run.isEnding) await what();
    }
  }
}
