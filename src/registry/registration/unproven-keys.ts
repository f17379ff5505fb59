import { Injectable } from '@nestjs/common';
import { toAddressKey } from '../../http/address.js';
import type { Registration } from '../puppet.js';
import { RegistryImage } from '../image/registry-image.js';

/**
 * Brought by one address, IPv6 by the /64, over all corps. Accounts that share keys need one place. A new corp's puppet
 * gives its place back as soon as WeCom has accepted its secret, so that only an outage of WeCom fills them in good faith.
 */
const UNPROVEN_KEYS_MAX = 256;

/**
 * The places for keys of registrations that WeCom has not vouched for, since whoever may register can make up keys, each
 * of which is kept and costs a hash for every callback of its corp.
 */
@Injectable()
export class UnprovenKeys {
  /** Registrations that are not in the image yet, by address. */
  readonly #underWay = new Map<string, number>();

  constructor(private readonly image: RegistryImage) {}

  /** @returns what gives the place back, harmless when called again; `null` where the address has none left. */
  takePlace(registration: Registration): (() => void) | null {
    const key = toAddressKey(registration.from);
    if (key === '' || !this.image.bringsUnprovenKeys(registration)) return () => {};
    const underWay = this.#underWay.get(key) ?? 0;
    if (this.image.countUntrustedPairs(key) + underWay >= UNPROVEN_KEYS_MAX) return null;
    this.#underWay.set(key, underWay + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#underWay.get(key) ?? 1) - 1;
      if (left > 0) this.#underWay.set(key, left);
      else this.#underWay.delete(key);
    };
  }
}
