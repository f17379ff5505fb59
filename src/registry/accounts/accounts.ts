import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Requester } from '../../kernel/role.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { KnownBots } from '../bots/known-bots.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistryReads } from '../sync/registry-reads.js';
import { inTime, PuppetWrites } from '../puppets/puppet-writes.js';

/** The registered accounts, for operators and for callers of WeCom's API. */
@Injectable()
export class Accounts {
  constructor(
    private readonly repository: PuppetRepository,
    private readonly image: RegistryImage,
    private readonly reads: RegistryReads,
    private readonly writes: PuppetWrites,
    private readonly bots: KnownBots,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** How many there are. */
  get size(): number {
    return this.image.size;
  }

  /** From memory; `null` where the account is not known or has no name. */
  nameOf(openKfId: string | null): string | null {
    return this.image.nameOf(openKfId);
  }

  /** The account's registration, even while a bot takes its events. From memory; `null` where the corp has not registered it. */
  find({ openKfId, corpId }: Pick<Puppet, 'openKfId' | 'corpId'>): Puppet | null {
    const puppet = this.image.findPuppet(openKfId);
    return puppet?.corpId === corpId ? puppet : null;
  }

  /** @throws AppError `REGISTRY_PUPPET_NOT_FOUND`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE` */
  async get(openKfId: string): Promise<Puppet> {
    if (this.image.findPuppet(openKfId) === null) await this.reads.lookUpAccount(openKfId);
    const puppet = this.image.findPuppet(openKfId);
    if (puppet === null) throw new AppError('REGISTRY_PUPPET_NOT_FOUND');
    return puppet;
  }

  /**
   * The corp of a registered account, or else of one that a bot lists.
   * @throws AppError as `get`
   */
  async corpOf(openKfId: string): Promise<string> {
    const puppet = this.image.findPuppet(openKfId);
    const bot = puppet === null ? this.bots.findListing(openKfId) : null;
    return bot?.corpId ?? (await this.get(openKfId)).corpId;
  }

  /**
   * From memory, in the order of `accountKey`.
   * @param after the key after which it begins, `''` for the first.
   * @param corpId `null` for all.
   */
  async list(after: string, corpId: string | null, limit: number): Promise<readonly Puppet[]> {
    return (await this.image.index()).after(after, corpId, limit);
  }

  /**
   * Forgets the account, so that any corp may register it. What waits for it stays kept.
   * @throws AppError `REGISTRY_PUPPET_NOT_FOUND`; `STORE_UNAVAILABLE`, and it may then take effect late.
   */
  async forget(openKfId: string, by: Requester): Promise<void> {
    const write = this.writes.begin(openKfId);
    const forgotten = await inTime(write, this.repository.forget(openKfId), write.endForgotten);
    write.endForgotten();
    if (forgotten === null) throw new AppError('REGISTRY_PUPPET_NOT_FOUND');
    const { corpId, endpoint } = forgotten;
    this.log.info({ openKfId, corpId, endpoint, ...by }, 'registry.forgotten');
  }
}
