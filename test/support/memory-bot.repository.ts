import type { Bot } from '../../src/registry/bots/bot.js';
import { BotRepository, type BotWrite } from '../../src/registry/bots/bot.repository.js';

/** One database; several repositories on it stand for several replicas. */
export class BotTable extends Map<string, Bot> {
  version = 0;
}

export class MemoryBotRepository extends BotRepository {
  #seen = -1;

  constructor(private readonly table: BotTable = new BotTable()) {
    super();
  }

  /** Every reader gets objects of its own, as from a store that parses. */
  override async load(): Promise<readonly Bot[]> {
    this.#seen = this.table.version;
    return [...this.table.values()].map((bot) => ({ ...bot }));
  }

  override async changes(): Promise<readonly Bot[] | null> {
    return this.#seen === this.table.version ? null : this.load();
  }

  override async add(bot: Bot): Promise<'written' | 'taken'> {
    if (this.#isTaken(bot)) return 'taken';
    this.#set(bot);
    return 'written';
  }

  override async replace(bot: Bot, revision: string): Promise<BotWrite> {
    const stored = this.table.get(bot.id)?.revision;
    if (stored !== revision && stored !== bot.revision) return 'changed';
    if (this.#isTaken(bot)) return 'taken';
    this.#set(bot);
    return 'written';
  }

  override async remove(id: string): Promise<boolean> {
    this.table.version++;
    return this.table.delete(id);
  }

  #set(bot: Bot): void {
    this.table.version++;
    this.table.set(bot.id, bot);
  }

  #isTaken({ id, corpId, openKfIds }: Bot): boolean {
    const others = [...this.table.values()].filter((one) => one.id !== id && one.corpId === corpId);
    return others.some((one) => one.openKfIds.some((account) => openKfIds.includes(account)));
  }
}
