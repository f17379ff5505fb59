import { Injectable } from '@nestjs/common';
import type { BotDirectory } from '../../http/access/bot-keys.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { hashOfKey, KEY_PREFIX } from './bot.js';
import { type KnownBot, KnownBots } from './known-bots.js';

/** The store is read no more often than this, however many wrong keys come. */
const BETWEEN_READS_MS = 100;
const LOOK_UP_LIMIT_MS = 2_000;

/** Finds bots by their keys. A client gives up once its key is called wrong, so the store is read before that. */
@Injectable()
export class KeyOwners implements BotDirectory {
  readonly #reads = new SerialRuns(() => this.#read());
  /** On the clock that never jumps. */
  #readAtMs = -BETWEEN_READS_MS;

  constructor(
    private readonly bots: KnownBots,
    private readonly image: RegistryImage,
    private readonly repository: PuppetRepository,
    private readonly storeClock: StoreClock,
    private readonly clock: Clock,
  ) {}

  find(key: string): KnownBot | null {
    return this.bots.findByKey(hashOfKey(key), this.storeClock.nowMs());
  }

  async lookUp(key: string): Promise<KnownBot | null> {
    if (!key.startsWith(KEY_PREFIX)) return null;
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
    if (!this.repository.isShared) return null;
    await withinDeadline(LOOK_UP_LIMIT_MS, 'look up a key', this.#reads.run());
    return this.find(key);
  }

  async #read(): Promise<void> {
    const pauseMs = this.#readAtMs + BETWEEN_READS_MS - this.clock.elapsedMs();
    if (pauseMs > 0) await this.clock.sleep(pauseMs);
    this.#readAtMs = this.clock.elapsedMs();
    await this.bots.read();
  }
}
