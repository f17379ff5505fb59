/** One of several managers: killed from outside, or by itself at an instant of its code, and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seeded } from '../../../test/support/seeded.js';
import { failpointEnv, type Killing } from '../failpoints.js';
import { Manager, type ManagerOptions } from '../manager.js';
import type { Run } from '../run.js';
import type { MessageOracle } from './message-oracle.js';

/** What a process sent before it was killed may still have to be read here. */
const LAST_WORDS_MS = 100;
/** The end of a process is told of so late at most. */
const TOLD_WITHIN_MS = 200;
/** It is killed when it passes its instant for the n-th time, n being at most that. */
const PASSINGS_MAX = 200;

export class Replica {
  kills = 0;
  /** Those that it did itself. */
  killsInside = 0;
  #manager: Manager | null = null;
  #work: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(
    private readonly run: Run,
    private readonly options: ManagerOptions,
    /** `null` in a run without. */
    private readonly killing: Killing | null,
    private readonly oracle: Pick<MessageOracle, 'fault'>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  start(): Promise<void> {
    return this.#one(() => this.#start(null));
  }

  /** SIGKILL, and a new process, which in half of the cases kills itself some time. */
  async kill(random: Seeded): Promise<void> {
    const { points } = this.killing ?? { points: [] };
    const killsItself = points.length > 0 && random.below(2) === 0;
    const env = killsItself ? failpointEnv(random.pick(points), 1 + random.below(PASSINGS_MAX)) : null;
    await this.#one(async () => {
      await this.#manager?.kill();
      await sleep(LAST_WORDS_MS);
      await this.#start(env);
    });
  }

  /** SIGTERM. @returns what it ended with. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    await this.#work;
    this.#isStopping = true;
    return this.#manager?.stop() ?? null;
  }

  async #start(killingEnv: Readonly<Record<string, string>> | null): Promise<void> {
    const { port, env } = this.options;
    const main = killingEnv === null || this.killing === null ? {} : { main: this.killing.main };
    const manager = Manager.spawn(this.run, { port, env: { ...env, ...killingEnv }, ...main });
    this.#manager = manager;
    void manager.exited.then((code) => this.#ended(manager, code));
    await manager.whenReady().catch((error: unknown) => {
      // It may reach its instant before it is ready.
      if (killingEnv === null || !manager.hasExited) throw error;
    });
  }

  #ended(manager: Manager, code: number | NodeJS.Signals | null): void {
    if (this.#isStopping || code !== 'SIGKILL' || this.run.isEnding) return;
    this.kills++;
    const nowMs = performance.now();
    this.oracle.fault({ fromMs: nowMs - TOLD_WITHIN_MS, toMs: nowMs, openKfId: null });
    void this.#one(async () => {
      // Whoever killed it has started another one.
      if (this.#manager !== manager) return;
      this.killsInside++;
      await sleep(LAST_WORDS_MS);
      await this.#start(null);
    });
  }

  #one(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }
}
