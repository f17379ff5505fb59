import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LateWork } from '../dispatch/late-work.js';
import { Deliveries, type Delivery } from '../dispatch/line/deliveries.js';
import { LOG, type Log } from '../kernel/log.js';
import type { Addressee } from '../registry/destination.js';
import { accountKey } from '../registry/puppet.js';
import { MessageStore } from './message-store.js';

/**
 * Notes what other takers have taken of accounts whose messages were pulled once: should a bot take messages there again, it
 * is not given those.
 */
@Injectable()
export class Coverage implements OnApplicationBootstrap {
  readonly #pulled = new Set<string>();
  /** Accounts that are being written, with the newest time. */
  readonly #writing = new Map<string, number>();

  constructor(
    private readonly store: MessageStore,
    private readonly deliveries: Deliveries,
    private readonly late: LateWork,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.deliveries.listen((delivery) => this.#see(delivery));
  }

  /** The account's messages are pulled. */
  pulled(account: Addressee): void {
    this.#pulled.add(accountKey(account));
  }

  has(account: Addressee): boolean {
    return this.#pulled.has(accountKey(account));
  }

  /** Brings in the accounts that other processes have pulled. @returns all. @throws AppError `STORE_UNAVAILABLE` */
  async refresh(): Promise<readonly Addressee[]> {
    const accounts = await this.store.listAccounts();
    for (const account of accounts) this.#pulled.add(accountKey(account));
    return accounts;
  }

  /** What was pulled is not taken yet, and a message is known by its id, whoever has the account when that ends. */
  #see(delivery: Delivery): void {
    const { result, occasion, isPulled } = delivery;
    if (this.#pulled.size === 0 || !result.taken || isPulled) return;
    if (occasion === 'test' || occasion === 'message') return;
    const key = accountKey(delivery);
    if (!this.#pulled.has(key)) return;
    const isWriting = this.#writing.has(key);
    this.#writing.set(key, delivery.atMs);
    if (!isWriting) void this.late.add(this.#write(delivery, key));
  }

  /** If it cannot be written, a message may be given twice after a change of bot. */
  async #write(account: Addressee, key: string): Promise<void> {
    try {
      for (let writtenMs = 0; ;) {
        const untilMs = this.#writing.get(key) ?? 0;
        if (untilMs === writtenMs) return;
        await this.store.cover({ corpId: account.corpId, openKfId: account.openKfId }, untilMs);
        writtenMs = untilMs;
      }
    } catch (err) {
      this.log.debug({ openKfId: account.openKfId, err }, 'message.cover_failed');
    } finally {
      this.#writing.delete(key);
    }
  }
}
