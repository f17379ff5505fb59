import { ERRORS } from '../../kernel/error-table.js';
import { BOTS_MAX } from '../../registry/bots/bot.js';
import { isSameBot } from '../../registry/bots/bot-entry.js';
import { BOTS, replacing, type StoredBot } from '../../registry/bots/stored-bot.js';
import type { Change, Records, RecordStore } from '../../storage/records/records.js';
import type { ImportOutcome, WhatToChange, ImportResult } from './what-to-change.js';

const NOT_WRITTEN = { taken: ERRORS.BOT_ACCOUNT_TAKEN.message, left: ERRORS.BOT_CHANGED.message };

/** Writes bots to the store, compared with its content at the beginning. */
export class BotImport {
  /** By id, as they are in the store once this run's writes are through. */
  readonly #known = new Map<string, StoredBot>();
  /** The last write. One at a time: a bot may take an account that the one before gives away. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  static async open(records: RecordStore, what: WhatToChange): Promise<BotImport> {
    const bots = records.of(BOTS);
    return new BotImport(bots, what, await bots.load());
  }

  private constructor(
    private readonly bots: Records<StoredBot>,
    private readonly what: WhatToChange,
    stored: readonly StoredBot[],
  ) {
    for (const bot of stored) this.#known.set(bot.id, bot);
  }

  faultOf(bot: StoredBot): string | null {
    const isOneTooMany = !this.#known.has(bot.id) && this.#known.size >= BOTS_MAX;
    if (isOneTooMany) return ERRORS.BOTS_FULL.message;
    const other = [...this.#known.values()].find((one) => one.id !== bot.id && shareAccount(one, bot));
    return other === undefined ? null : `${ERRORS.BOT_ACCOUNT_TAKEN.message} (${other.name})`;
  }

  async write(bot: StoredBot): Promise<ImportResult> {
    const stored = this.#known.get(bot.id);
    const outcome = this.#outcomeOf(bot, stored);
    if (outcome === 'skipped' || outcome === 'unchanged') return outcome;
    this.#known.set(bot.id, bot);
    if (this.what.isTrial) return outcome;
    const written = await this.#inTurn(() => this.#store(bot, stored));
    if (written === 'written') return outcome;
    if (stored === undefined) this.#known.delete(bot.id);
    else this.#known.set(bot.id, stored);
    return { fault: NOT_WRITTEN[written] };
  }

  #outcomeOf(bot: StoredBot, stored: StoredBot | undefined): ImportOutcome {
    if (stored === undefined) return 'added';
    if (isSameBot(bot, stored)) return 'unchanged';
    return this.what.mayReplace ? 'replaced' : 'skipped';
  }

  async #store(bot: StoredBot, stored: StoredBot | undefined): Promise<Change<StoredBot>['outcome']> {
    if (stored === undefined) return this.bots.add(bot);
    return (
      await this.bots.change(
        bot.id,
        replacing(stored.revision, bot.revision, () => bot),
      )
    ).outcome;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}

function shareAccount(a: StoredBot, b: StoredBot): boolean {
  return a.corpId === b.corpId && a.openKfIds.some((id) => b.openKfIds.includes(id));
}
