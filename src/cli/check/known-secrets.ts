import type { Config } from '../../config/config.js';
import type { WecomApp } from '../../config/wecom-apps-file.js';
import { isSealed, SealError, Sealer } from '../../crypto/sealer.js';
import type { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import type { Puppet } from '../../registry/puppet.js';
import { openPuppet, PUPPET_SECRETS } from '../../storage/sealed/puppet-secrets.js';

/** Asked for a token, each once: WeCom counts such questions. */
const CORPS_MAX = 3;

/** What signs and seals the callbacks of a corp, and where it is known from. */
export interface CallbackKeys extends Pick<WecomApp, 'corpId' | 'callbackToken' | 'encodingAESKey'> {
  readonly from: string;
}

/** Of all secrets that are registered, those that a check needs; of the others, how they are kept. */
export class KnownSecrets {
  readonly #sealer: Sealer;
  readonly #hasKeys: boolean;
  readonly #secrets = new Map<string, Secret>();
  #keys: CallbackKeys | null;
  #puppetKeysAreProven = false;
  puppets = 0;
  online = 0;
  plain = 0;
  damaged = 0;
  /** How many registrations need a key that `SECRETS_KEY` does not have, by its id. */
  readonly missingKeys = new Map<string, number>();

  /** @param corpId whose callback keys are wanted; `null` for any corp's. */
  constructor(
    { secretsKeys, wecomApps }: Config,
    private readonly corpId: string | null,
  ) {
    this.#sealer = new Sealer(secretsKeys);
    this.#hasKeys = secretsKeys.length > 0;
    const app = wecomApps.find((one) => corpId === null || one.corpId === corpId);
    this.#keys = app === undefined ? null : { ...app, from: 'WECOM_APPS_FILE' };
  }

  /** By corp, one for each of a few. */
  get corpSecrets(): ReadonlyMap<string, Secret> {
    return this.#secrets;
  }

  /** Of an app, else of a puppet whose secret WeCom accepted, else of another one. */
  get callbackKeys(): CallbackKeys | null {
    return this.#keys;
  }

  add(stored: Puppet): void {
    this.puppets++;
    if (stored.online) this.online++;
    const isPlain = PUPPET_SECRETS.some((field) => isReadable(stored[field]));
    if (this.#hasKeys && isPlain) this.plain++;
    try {
      this.#learn(openPuppet(stored, this.#sealer));
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      if (!error.isKeyUnknown) this.damaged++;
      else this.missingKeys.set(error.keyId, (this.missingKeys.get(error.keyId) ?? 0) + 1);
    }
  }

  #learn({ openKfId, corpId, corpSecret, callbackToken, encodingAESKey, acceptedSecretId }: Puppet): void {
    if (corpSecret.reveal() !== '' && this.#secrets.size < CORPS_MAX && !this.#secrets.has(corpId)) {
      this.#secrets.set(corpId, corpSecret);
    }
    if (this.#keys?.from === 'WECOM_APPS_FILE' || this.#puppetKeysAreProven) return;
    if (callbackToken.reveal() === '' || encodingAESKey.reveal() === '') return;
    const isWanted = corpId === (this.corpId ?? this.#keys?.corpId ?? corpId);
    const isProven = acceptedSecretId === secretIdOf(corpId, corpSecret);
    if (!isWanted || (this.#keys !== null && !isProven)) return;
    this.#keys = { corpId, callbackToken, encodingAESKey, from: `the puppet of ${openKfId}` };
    this.#puppetKeysAreProven = isProven;
  }
}

function isReadable(secret: Secret): boolean {
  const text = secret.reveal();
  return text !== '' && !isSealed(text);
}
