/** Messages in LMDB, for the queues of one process. It knows nothing of when a message is due. */
import type { Database } from 'lmdb';
import { Secret } from '../../kernel/secret.js';
import type { Log } from '../../kernel/log.js';
import type { MessageChange, MessageRecords } from '../../messages/message-records.js';
import { type MessageHead, webhookIdOf } from '../../messages/message.js';
import type { MessageAccount } from '../../messages/message-queue.js';
import { accountKey } from '../../registry/puppet.js';
import { sayUnreadable } from '../unreadable-message.js';
import type { EmbeddedStore } from './embedded-store.js';
import { readAccount, readHead, toStored } from './stored-message.js';

/** How many known ids a sweep looks at. */
const SWEEP_SIZE = 5_000;

export class LmdbMessageRecords implements MessageRecords {
  readonly #messages: Database<Buffer, string>;
  readonly #contents: Database<string, string>;
  readonly #known: Database<number, string>;
  readonly #accounts: Database<Buffer, string>;
  /** The last id that a sweep has looked at. */
  #sweptTo = '';

  constructor(
    private readonly store: EmbeddedStore,
    private readonly log: Log,
  ) {
    this.#messages = store.database<Buffer>('messages');
    this.#contents = store.database<string>('messageContents');
    this.#known = store.database<number>('knownMessages');
    this.#accounts = store.database<Buffer>('messageAccounts');
  }

  *accounts(): Generator<MessageAccount> {
    yield* this.#read(this.#accounts, readAccount);
  }

  *heads(): Generator<MessageHead> {
    yield* this.#read(this.#messages, readHead);
  }

  /** Small commits of many accounts share a flush of the disk. */
  async write(change: MessageChange): Promise<void> {
    const { kept = [], back = [], heads = [], known = [], gone = [], account } = change;
    const what = kept.length > 0 ? 'keep messages' : 'change messages';
    const put = (): void => {
      for (const { content, ...head } of [...kept, ...back]) {
        const key = webhookIdOf(head);
        this.#messages.put(key, toStored(head));
        this.#contents.put(key, content.reveal());
      }
      for (const message of back) this.#known.remove(webhookIdOf(message));
      for (const head of heads) this.#messages.put(webhookIdOf(head), toStored(head));
      for (const { key, untilMs } of known) {
        this.#messages.remove(key);
        this.#contents.remove(key);
        this.#known.put(key, untilMs);
      }
      for (const key of gone) {
        this.#messages.remove(key);
        this.#contents.remove(key);
      }
      if (account !== undefined) this.#accounts.put(accountKey(account), toStored(account));
    };
    await this.store.durably(what, () => this.#messages.batch(put));
  }

  readContent(key: string): Secret | null {
    this.store.requireOpen();
    const content = this.#contents.get(key);
    if (content !== undefined) return new Secret(content);
    sayUnreadable(this.log, key);
    return null;
  }

  isKnown(key: string): boolean {
    this.store.requireOpen();
    return this.#known.doesExist(key);
  }

  requireRoom(): void {
    this.store.requireRoomForMessages();
  }

  requireWritable(): void {
    this.store.requireWritable();
  }

  /** Goes on where the sweep before has ended. */
  async sweepKnown(nowMs: number): Promise<void> {
    this.store.requireOpen();
    const entries = [...this.#known.getRange({ start: this.#sweptTo, limit: SWEEP_SIZE })];
    this.#sweptTo = entries.length < SWEEP_SIZE ? '' : (entries.at(-1)?.key ?? '');
    const over = entries.filter(({ value }) => value <= nowMs);
    if (over.length === 0) return;
    await this.store.durably('sweep messages', () =>
      this.#known.batch(() => {
        for (const { key } of over) this.#known.remove(key);
      }),
    );
  }

  *#read<T>(
    database: Database<Buffer, string>,
    read: (key: string, bytes: Buffer) => T | null,
  ): Generator<T> {
    for (const { key, value } of this.store.readAll(database)) {
      const record = read(key, value);
      if (record === null) sayUnreadable(this.log, key);
      else yield record;
    }
  }
}
