import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { isSameEndpoint } from '../endpoint/endpoint.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { type Goodbye, PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { LOOK_UP_LIMIT_MS, RegistryReads } from '../sync/registry-reads.js';
import { inTime, PuppetWrites } from '../puppets/puppet-writes.js';

/** Marks puppets as offline when they deregister, and as online when they take something again. */
@Injectable()
export class Presence {
  constructor(
    private readonly repository: PuppetRepository,
    private readonly image: RegistryImage,
    private readonly reads: RegistryReads,
    private readonly writes: PuppetWrites,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Safe to repeat. Changes nothing for an account that is unknown, of another corp or has moved, or when it comes from
   * an address that was replaced: a dying process may deregister after its successor has registered.
   * @throws AppError `STORE_UNAVAILABLE`; it may then take effect late.
   */
  async deregister(said: Goodbye): Promise<void> {
    const goodbye = await this.#asRegistered(said);
    const write = this.writes.begin(goodbye.openKfId);
    const puppet = await inTime(write, this.repository.markOffline(goodbye, this.storeClock.nowMs()));
    write.end(puppet);
    const { openKfId, corpId, from } = goodbye;
    this.log.info({ openKfId, corpId, from, applied: puppet !== null }, 'registry.deregistered');
  }

  /** Call it when a puppet that was marked offline took a hint. Changes nothing if that cannot be stored. */
  async markOnline({ openKfId, corpId, endpoint }: Puppet): Promise<void> {
    const write = this.writes.begin(openKfId);
    try {
      const online = { openKfId, corpId, endpoint };
      const puppet = await inTime(write, this.repository.markOnline(online, this.storeClock.nowMs()));
      write.end(puppet);
      this.log.info({ openKfId, corpId, applied: puppet !== null }, 'registry.found_online');
    } catch (err) {
      this.log.debug({ openKfId, err }, 'registry.mark_failed');
    }
  }

  /** Spells the endpoint as it was registered, if the deregistration spells the same one differently. */
  async #asRegistered(goodbye: Goodbye): Promise<Goodbye> {
    const { openKfId, endpoint } = goodbye;
    if (endpoint === undefined || this.image.findPuppet(openKfId)?.endpoint === endpoint) return goodbye;
    await this.reads.reread(openKfId, LOOK_UP_LIMIT_MS);
    const registered = this.image.findPuppet(openKfId)?.endpoint;
    const isSame = registered !== undefined && isSameEndpoint(registered, endpoint);
    return isSame ? { ...goodbye, endpoint: registered } : goodbye;
  }
}
