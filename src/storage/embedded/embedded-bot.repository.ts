import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { Secret } from '../../kernel/secret.js';
import { type Bot, type BotTaking, TAKES_EVENTS } from '../../registry/bots/bot.js';
import { BotRepository, type BotWrite } from '../../registry/bots/bot.repository.js';
import { EmbeddedStore } from './embedded-store.js';

/** A bot as LMDB keeps it: the same fields, its secrets as text. Earlier versions did not say what it takes. */
export type StoredBot = Omit<Bot, 'secrets' | keyof BotTaking> &
  Partial<BotTaking> & { readonly secrets: string };

@Injectable()
export class EmbeddedBotRepository extends BotRepository {
  readonly #bots: Database<StoredBot, string>;

  constructor(private readonly store: EmbeddedStore) {
    super();
    this.#bots = store.database<StoredBot>('bots');
  }

  override async load(): Promise<readonly Bot[]> {
    this.store.requireOpen();
    return [...this.store.readAll(this.#bots)].map(({ value }) => fromStored(value));
  }

  /** The one process on the store knows its own writes. */
  override async changes(): Promise<null> {
    return null;
  }

  override async add(bot: Bot): Promise<'written' | 'taken'> {
    const outcome = await this.#write(
      bot,
      (before) => before === undefined || before.revision === bot.revision,
    );
    return outcome === 'taken' ? 'taken' : 'written';
  }

  override replace(bot: Bot, revision: string): Promise<BotWrite> {
    return this.#write(bot, (before) => before?.revision === revision || before?.revision === bot.revision);
  }

  override async remove(id: string): Promise<boolean> {
    let wasThere = false;
    await this.store.durably('remove bot', () =>
      this.#bots.transaction(() => {
        wasThere = this.#bots.doesExist(id);
        if (wasThere) this.#bots.remove(id);
        return true;
      }),
    );
    return wasThere;
  }

  /** Durable when it resolves. */
  async #write(bot: Bot, mayWrite: (before: StoredBot | undefined) => boolean): Promise<BotWrite> {
    let outcome: BotWrite = 'changed';
    await this.store.durably('change bot', () =>
      this.#bots.transaction(() => {
        outcome = this.#judge(bot, mayWrite);
        if (outcome === 'written') this.#bots.put(bot.id, toStored(bot));
        return true;
      }),
    );
    return outcome;
  }

  #judge(bot: Bot, mayWrite: (before: StoredBot | undefined) => boolean): BotWrite {
    if (!mayWrite(this.#bots.get(bot.id))) return 'changed';
    for (const { value } of this.#bots.getRange()) {
      const isOther = value.id !== bot.id && value.corpId === bot.corpId;
      if (isOther && value.openKfIds.some((id) => bot.openKfIds.includes(id))) return 'taken';
    }
    return 'written';
  }
}

function toStored({ secrets, ...same }: Bot): StoredBot {
  return { ...same, secrets: secrets.reveal() };
}

export function fromStored({ secrets, ...same }: StoredBot): Bot {
  return { ...TAKES_EVENTS, ...same, secrets: new Secret(secrets) };
}
