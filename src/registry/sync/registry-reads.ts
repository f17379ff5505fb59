import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { KnownApps } from '../apps/known-apps.js';
import { KnownBots } from '../bots/known-bots.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { PuppetWrites } from '../puppets/puppet-writes.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistrySync } from './registry-sync.js';

/** Limit of a read that a callback waits for: three of them in a row and the first attempt fit into 3 s. */
export const LOOK_UP_LIMIT_MS = 600;

/** How many unknown accounts and corps have a read of their own at a time. Further ones share reads: a queue would be too slow. */
const LOOK_UPS_MAX = 32;

/** Enough to learn a new corp's keys; the rest of a large corp comes with the next refresh. */
const PUPPETS_PER_LOOK_UP = 100;

/** Asks the store for what memory does not know, or may not know yet, and puts the answer into the image. */
@Injectable()
export class RegistryReads {
  #lookUps = 0;

  constructor(
    private readonly repository: PuppetRepository,
    private readonly apps: KnownApps,
    private readonly bots: KnownBots,
    private readonly image: RegistryImage,
    private readonly writes: PuppetWrites,
    private readonly sync: RegistrySync,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Reads an account that memory does not know.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  lookUpAccount(openKfId: string): Promise<void> {
    return this.#lookUp(`account ${openKfId}`, () => this.#readAccount(openKfId));
  }

  /**
   * Reads an account whatever memory knows, before an event of it is dropped.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async confirmAccount(openKfId: string): Promise<void> {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
    if (!this.repository.isShared) return;
    const { order } = this.writes;
    const puppets = await withinDeadline(LOOK_UP_LIMIT_MS, 'confirm', this.#readAccount(openKfId));
    this.writes.applyRead(puppets, order);
  }

  /** Reads the puppets of a corp that memory does not know, and the apps. @throws as `lookUpAccount` */
  lookUpCorp(corpId: string): Promise<void> {
    return this.#lookUp(`corp ${corpId}`, async () => {
      const [puppets] = await Promise.all([
        this.repository.listByCorp(corpId, PUPPETS_PER_LOOK_UP),
        this.apps.read(),
      ]);
      return puppets;
    });
  }

  /**
   * Reads an account after a failed delivery: its puppet may have moved through another replica.
   * Memory stays as it is if the store does not answer in time.
   */
  async reread(openKfId: string, limitMs: number): Promise<void> {
    if (!this.repository.isShared) return;
    try {
      const { order } = this.writes;
      const puppets = await withinDeadline(limitMs, 'reread', this.#readAccount(openKfId));
      this.writes.applyRead(puppets, order);
    } catch (err) {
      this.log.debug({ openKfId, err }, 'registry.reread_failed');
    }
  }

  /**
   * Reads what other replicas wrote a moment ago, for a callback that no known key opens.
   * @param cause why it did not open.
   * @returns false when there are no other replicas, so that nothing can have changed.
   * @throws AppError `REGISTRY_NOT_LOADED` with `cause`, `STORE_UNAVAILABLE`
   */
  async catchUp(cause?: unknown): Promise<boolean> {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED', { cause });
    if (!this.repository.isShared) return false;
    await withinDeadline(LOOK_UP_LIMIT_MS, 'catch up', this.sync.catchUp());
    return true;
  }

  /** Reads the account's registration, and beside it the bots into `KnownBots`. */
  async #readAccount(openKfId: string): Promise<Puppet[]> {
    const [puppet] = await Promise.all([this.repository.find(openKfId), this.bots.read()]);
    return puppet === null ? [] : [puppet];
  }

  /**
   * Anybody can send unknown names. In a flood of them, all wait together for reads of what changed, one read at a time. So a
   * name that the store knows is still found.
   */
  async #lookUp(what: string, read: () => Promise<readonly Puppet[]>): Promise<void> {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
    if (!this.repository.isShared || this.sync.isKnownMissing(what)) return;
    if (this.sync.isFlooded || this.#lookUps >= LOOK_UPS_MAX) {
      await this.catchUp();
      return;
    }
    const { order } = this.writes;
    this.#lookUps++;
    const reading = read().finally(() => this.#lookUps--);
    const puppets = await withinDeadline(LOOK_UP_LIMIT_MS, what, reading);
    if (puppets.length === 0) this.sync.rememberMissing(what);
    this.writes.applyRead(puppets, order);
  }
}
