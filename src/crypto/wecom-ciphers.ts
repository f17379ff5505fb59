import { Injectable } from '@nestjs/common';
import type { Secret } from '../kernel/secret.js';
import { WecomCipher } from './wecom-cipher.js';

/** A callback token and key, as the registry holds them. */
export interface CipherKeys {
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
}

/** Keeps one cipher per pair of keys, made when the pair first opens something and gone with the pair. */
@Injectable()
export class WecomCiphers {
  readonly #ciphers = new WeakMap<CipherKeys, WecomCipher>();

  of(keys: CipherKeys): WecomCipher {
    let cipher = this.#ciphers.get(keys);
    if (cipher === undefined) {
      cipher = new WecomCipher(keys.callbackToken, keys.encodingAESKey);
      this.#ciphers.set(keys, cipher);
    }
    return cipher;
  }
}
