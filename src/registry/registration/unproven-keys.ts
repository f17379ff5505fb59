import { Injectable } from '@nestjs/common';
import { toAddressKey } from '../../http/request/address.js';
import type { Registration } from '../../storage/puppets/puppet.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';

/**
 * Unproven pairs per address (IPv6: per /64), over all corps. Accounts that share keys need one place. A new corp's puppet
 * gives its place back as soon as WeCom has accepted its secret. So honest puppets fill the places only while WeCom does not
 * answer.
 */
const UNPROVEN_KEYS_MAX = 256;

/**
 * Limits keys that WeCom has not confirmed. A caller that may register can invent keys. Each of them is kept, and costs a hash for
 * every callback of its corp.
 */
@Injectable()
export class UnprovenKeys {
  /** Registrations that are not in the image yet, by address. */
  readonly #underWay = new Map<string, number>();

  constructor(
    private readonly image: RegistryImage,
    private readonly corps: KnownCorps,
  ) {}

  /** @returns a function that gives the place back, harmless when called again; `null` when the address has none left. */
  takePlace(registration: Registration): (() => void) | null {
    const key = toAddressKey(registration.from);
    if (key === '' || !this.#bringsAny(registration)) return () => {};
    const underWay = this.#underWay.get(key) ?? 0;
    if (this.corps.countUntrusted(key) + underWay >= UNPROVEN_KEYS_MAX) return null;
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

  /** Whether the keys are new: no app or puppet of the corp has them, and WeCom is not known to accept the secret. */
  #bringsAny(registration: Registration): boolean {
    const { corpId, corpSecret } = registration;
    if (this.image.findSecret(corpId, corpSecret)?.isAccepted === true) return false;
    return this.corps.findPairOf(registration) === null;
  }
}
