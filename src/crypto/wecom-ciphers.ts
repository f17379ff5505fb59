import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Secret } from '../kernel/secret.js';
import { WecomCipher } from './wecom-cipher.js';

/** Some 3 kB each. Making a cipher takes a twentieth of a callback's time. */
const CIPHERS_MAX = 4_096;

/**
 * Keeps the ciphers of the keys that were used last. Ask for a cipher only after the signature was found good: otherwise any
 * sender of a callback could make the manager build ciphers for all keys of a corp.
 */
@Injectable()
export class WecomCiphers {
  readonly #ciphers = new LRUCache<Secret, WecomCipher>({ max: CIPHERS_MAX });

  of(encodingAESKey: Secret): WecomCipher {
    let cipher = this.#ciphers.get(encodingAESKey);
    if (cipher === undefined) {
      cipher = new WecomCipher(encodingAESKey);
      this.#ciphers.set(encodingAESKey, cipher);
    }
    return cipher;
  }
}
