import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { Addressee } from '../../registry/destination.js';
import { accountKey } from '../../registry/puppet.js';

/** Tells whoever waits for it that a bot has pulled what is under way for an account, as far as this process knows. */
@Injectable()
export class PulledHalves {
  readonly #waiting = new Map<string, () => void>();

  constructor(private readonly clock: Clock) {}

  pulled(account: Addressee): void {
    this.#waiting.get(accountKey(account))?.();
  }

  /** Resolves when it was pulled here, or after `limitMs`. One waits for an account: whoever has its turn. */
  async whenPulled(account: Addressee, limitMs: number): Promise<void> {
    const key = accountKey(account);
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = this.clock.after(limitMs, resolve);
    this.#waiting.set(key, resolve);
    await promise;
    limit.cancel();
    this.#waiting.delete(key);
  }
}
