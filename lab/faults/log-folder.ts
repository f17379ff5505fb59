/** The file of an embedded delivery log, taken from one manager and given to the next: nothing can be opened where it was. */
import { existsSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manager } from './manager.js';
import type { StoreEnv } from './run.js';

/** Under load something is dropped at once; a manager that is starved begins late. */
const DROPS_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 50;

export class LogFolder {
  /** Records that managers dropped while it was away, as they counted them before their end. */
  dropped = 0;
  /** How many managers went without it. */
  lives = 0;
  #isAway = false;
  readonly #path: string | null;

  /** @param env without `DATA_DIR` nothing is taken away: the log is in the database. */
  constructor({ DATA_DIR: dataDir }: StoreEnv) {
    this.#path = dataDir === undefined ? null : join(dataDir, 'log.db');
  }

  /** To be called before a manager is killed. The first one that goes without it is waited for until it has dropped some. */
  async count(manager: Manager): Promise<void> {
    if (!this.#isAway) return;
    const endMs = performance.now() + DROPS_WITHIN_MS;
    let dropped = await droppedBy(manager);
    while (this.dropped + dropped === 0 && performance.now() < endMs) {
      await sleep(ASK_AGAIN_MS);
      dropped = await droppedBy(manager);
    }
    this.dropped += dropped;
  }

  /** To be called between two managers, since one that has it open goes on writing. */
  turn(): void {
    if (this.#isAway) this.giveBack();
    else this.#takeAway();
  }

  giveBack(): void {
    if (this.#path === null || !this.#isAway) return;
    this.#isAway = false;
    rmdirSync(this.#path);
    if (existsSync(`${this.#path}.away`)) renameSync(`${this.#path}.away`, this.#path);
  }

  #takeAway(): void {
    if (this.#path === null) return;
    this.#isAway = true;
    this.lives++;
    if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.away`);
    mkdirSync(this.#path);
  }

  /** What did not hold at the end, of the manager that has it back. */
  async broken(manager: Manager): Promise<string[]> {
    const log = await manager.deliveryLog();
    return [
      ...(log === null || log.since === null ? ['the delivery log cannot be searched'] : []),
      ...(this.lives > 0 && this.dropped === 0 ? ['no record was counted as dropped'] : []),
    ];
  }

  get remarks(): string[] {
    return this.lives === 0
      ? []
      : [`${this.lives} managers could not write the delivery log: ${this.dropped} records were dropped`];
  }
}

async function droppedBy(manager: Manager): Promise<number> {
  return (await manager.deliveryLog())?.dropped ?? 0;
}
