import { ERRORS } from '../../kernel/error-table.js';
import type { Bot } from '../../registry/bots/bot.js';
import { BOTS_MAX, type BotRepository } from '../../registry/bots/bot.repository.js';
import { isSameBot } from '../../registry/bots/exported-bot.js';
import type { Outcome, WhatToChange } from './what-to-change.js';

/** Writes bots to the store, compared with its content at the beginning. */
export class BotImport {
  /** By id, including those that this run added. */
  readonly #known = new Map<string, Bot>();

  /** @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  static async open(repository: BotRepository, what: WhatToChange): Promise<BotImport> {
    return new BotImport(repository, what, await repository.load());
  }

  private constructor(
    private readonly repository: BotRepository,
    private readonly what: WhatToChange,
    stored: readonly Bot[],
  ) {
    for (const bot of stored) this.#known.set(bot.id, bot);
  }

  faultOf(bot: Bot): string | null {
    const isOneTooMany = !this.#known.has(bot.id) && this.#known.size >= BOTS_MAX;
    if (isOneTooMany) return ERRORS.BOTS_FULL.message;
    const other = [...this.#known.values()].find((one) => one.id !== bot.id && shareAccount(one, bot));
    return other === undefined ? null : `${ERRORS.BOT_ACCOUNT_TAKEN.message} (${other.name})`;
  }

  async write(bot: Bot): Promise<Outcome> {
    const stored = this.#known.get(bot.id);
    this.#known.set(bot.id, bot);
    if (stored === undefined) {
      if (!this.what.isTrial) await this.repository.add(bot);
      return 'added';
    }
    if (isSameBot(bot, stored)) return 'unchanged';
    if (!this.what.mayReplace) return 'skipped';
    const outcome = this.what.isTrial ? 'written' : await this.repository.replace(bot, stored.revision);
    return outcome === 'written' ? 'replaced' : 'skipped';
  }
}

function shareAccount(a: Bot, b: Bot): boolean {
  return a.corpId === b.corpId && a.openKfIds.some((id) => b.openKfIds.includes(id));
}
