import type { Addressee } from '../kernel/account.js';
import {
  type Entry,
  ENTRY_STATES,
  type EntryFilter,
  type EntryPlace,
  type EntryState,
  type LanePage,
  type StoredState,
} from '../storage/queue/entry.js';
import type { EntryChange, QueueStore } from '../storage/queue/queue-store.js';
import { type Message, type MessageHead, toEntry, toMessage, toMessageHead } from './message.js';

/** Selects the waiting messages of the account. */
export function waitingOf({ corpId, openKfId }: Addressee): EntryFilter {
  return { states: ['waiting'], corpId, openKfId };
}

/** The entries of a store as messages, still sealed. An entry that is no message is set aside. */
export class MessageRows {
  constructor(private readonly store: QueueStore) {}

  /** By its webhook id. @returns `null` when it neither waits nor is dead. */
  async find(key: string): Promise<Message | null> {
    const filter = { states: ENTRY_STATES, keys: [key] };
    const page = { by: 'place', limit: 1, withContent: true } as const;
    return (await this.#read(toMessage, () => this.store.listEntries(filter, page)))[0] ?? null;
  }

  /** As `find`. @returns `null` also when it is dead. */
  async findWaiting(key: string): Promise<Message | null> {
    const message = await this.find(key);
    return message?.state === 'waiting' ? message : null;
  }

  /** Account by account, each in its order. @param after the last one of the page before; left out for the first page. */
  listHeads(filter: EntryFilter, limit: number, after?: EntryPlace): Promise<readonly MessageHead[]> {
    const page = { by: 'place', limit, ...(after !== undefined && { after }) } as const;
    return this.#read(toMessageHead, () => this.store.listEntries(filter, page));
  }

  /** Those that have waited for longest. */
  listOldest(storedUntilMs: number, limit: number): Promise<readonly MessageHead[]> {
    const filter = { states: ['waiting'], storedUntilMs } as const;
    return this.#read(toMessageHead, () => this.store.listEntries(filter, { by: 'storedAtMs', limit }));
  }

  /** The first waiting messages of the account, to be sent. */
  listNext(account: Addressee, limit: number): Promise<readonly Message[]> {
    this.store.requireRoom('outcomes');
    const page = { by: 'place', limit, withContent: true } as const;
    return this.#read(toMessage, () => this.store.listEntries(waitingOf(account), page));
  }

  /** Of the first waiting messages of all lanes the first one, to be sent. */
  async findFirstOfLanes(
    account: Addressee,
    of: Pick<LanePage, 'dueByMs' | 'without'>,
  ): Promise<Message | null> {
    this.store.requireRoom('outcomes');
    const page = { ...of, by: 'seq', limit: 1, withContent: true } as const;
    return (await this.#read(toMessage, () => this.store.listFirstOfLanes(account, page)))[0] ?? null;
  }

  /** The first waiting message of each lane. */
  listFirstsOfLanes(account: Addressee, by: LanePage['by'], limit: number): Promise<readonly MessageHead[]> {
    return this.#read(toMessageHead, () => this.store.listFirstOfLanes(account, { by, limit }));
  }

  /** @returns false where it does not have this state. */
  async change(key: string, state: EntryState, change: EntryChange): Promise<boolean> {
    return (await this.store.changeEntries({ states: [state], keys: [key] }, change)) === 1;
  }

  /** Stores the message in place of what has this state under its id. */
  async put(state: StoredState, message: Message): Promise<boolean> {
    const { key, ...whole } = toEntry(message);
    return (await this.store.changeEntries({ states: [state], keys: [key] }, whole)) === 1;
  }

  /** Only its id stays known. @returns false where nothing else was known. */
  async forget(key: string, untilMs: number): Promise<boolean> {
    return (await this.store.forgetEntries({ states: ENTRY_STATES, keys: [key] }, untilMs)) === 1;
  }

  /** Sets aside what cannot be read, and reads again, so that the page is as long as it can be. */
  async #read<T>(
    fromEntry: (entry: Entry) => T | null,
    list: () => Promise<readonly Entry[]>,
  ): Promise<readonly T[]> {
    for (;;) {
      const entries = await list();
      const read = entries.map(fromEntry);
      const unreadable = entries.filter((_, n) => read[n] === null);
      if (unreadable.length === 0) return read.filter((one) => one !== null);
      for (const entry of unreadable) await this.store.setAside(entry);
    }
  }
}
