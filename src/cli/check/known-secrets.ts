import type { Config } from '../../config/config.js';
import type { WecomApp } from '../../config/wecom-apps-file.js';
import { isSealed, SealError, Sealer } from '../../crypto/sealer.js';
import type { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { type App, APPS } from '../../registry/apps/app.js';
import { BOTS, type StoredBot } from '../../registry/bots/stored-bot.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { openSecrets, type RecordKind } from '../../storage/records/record-kind.js';
import { openPuppet, PUPPET_SECRETS } from '../../storage/puppets/puppet-secrets.js';
import type { Visitor } from '../../storage/store/store-inspection.js';

/** How many corps are tried with WeCom, each with one secret and once: WeCom counts requests for tokens. */
export const CORPS_MAX = 3;

/** The callback keys of a corp, and where they come from. */
export interface CallbackKeys extends Pick<WecomApp, 'corpId' | 'callbackToken' | 'encodingAESKey'> {
  readonly from: string;
}

/** Collects the stored secrets that a check needs, and counts how all secrets are stored. */
export class KnownSecrets implements Visitor {
  readonly kinds = [APPS, BOTS];
  readonly #sealer: Sealer;
  readonly #hasKeys: boolean;
  readonly #secrets = new Map<string, Secret>();
  #keys: CallbackKeys | null;
  /** Whether they are an app's, or those of a puppet whose secret WeCom accepted. */
  #keysAreTrusted: boolean;
  apps = 0;
  bots = 0;
  puppets = 0;
  online = 0;
  /** How many registrations, apps and bots have a secret that is stored in the clear. */
  readable = 0;
  /** How many of these could be sealed: all if there are keys to seal with, otherwise 0. */
  plain = 0;
  damaged = 0;
  /** How many registrations, apps and bots need a key that `SECRETS_KEY` does not have, by its id. */
  readonly missingKeys = new Map<string, number>();

  /** @param corpId whose callback keys are wanted; `null` for any corp's. */
  constructor(
    { secretsKeys, wecomApps }: Config,
    private readonly corpId: string | null,
  ) {
    this.#sealer = new Sealer(secretsKeys);
    this.#hasKeys = secretsKeys.length > 0;
    const app = wecomApps.find((app) => corpId === null || app.corpId === corpId);
    this.#keys = app === undefined ? null : { ...app, from: 'WECOM_APPS_FILE' };
    this.#keysAreTrusted = app !== undefined;
  }

  /** One secret for each of a few corps, by corp. */
  get corpSecrets(): ReadonlyMap<string, Secret> {
    return this.#secrets;
  }

  /** Prefers an app's keys, then those of a puppet whose secret WeCom accepted, then any. */
  get callbackKeys(): CallbackKeys | null {
    return this.#keys;
  }

  record(kind: RecordKind<object>, stored: object): void {
    if (kind === APPS) this.#app(stored as App);
    else this.#bot(stored as StoredBot);
  }

  #app(stored: App): void {
    this.apps++;
    this.#open(stored, ['callbackToken', 'encodingAESKey'], () =>
      this.#learnApp(openSecrets(APPS, stored, this.#sealer)),
    );
  }

  #bot(stored: StoredBot): void {
    this.bots++;
    this.#open(stored, ['secrets'], () => void openSecrets(BOTS, stored, this.#sealer));
  }

  puppet(stored: Puppet): void {
    this.puppets++;
    if (stored.online) this.online++;
    this.#open(stored, PUPPET_SECRETS, () => this.#learnPuppet(openPuppet(stored, this.#sealer)));
  }

  #open<Field extends string>(
    stored: Readonly<Record<Field, Secret>>,
    fields: readonly Field[],
    learn: () => void,
  ): void {
    if (fields.some((field) => isReadable(stored[field]))) {
      this.readable++;
      if (this.#hasKeys) this.plain++;
    }
    try {
      learn();
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      if (!error.isKeyUnknown) this.damaged++;
      else this.missingKeys.set(error.keyId, (this.missingKeys.get(error.keyId) ?? 0) + 1);
    }
  }

  #learnApp({ id, corpId, callbackToken, encodingAESKey }: App): void {
    if (this.#keysAreTrusted || corpId !== (this.corpId ?? corpId)) return;
    this.#keys = { corpId, callbackToken, encodingAESKey, from: `the app ${id}` };
    this.#keysAreTrusted = true;
  }

  #learnPuppet({
    openKfId,
    corpId,
    corpSecret,
    callbackToken,
    encodingAESKey,
    acceptedSecretId,
  }: Puppet): void {
    if (corpSecret.reveal() !== '' && this.#secrets.size < CORPS_MAX && !this.#secrets.has(corpId)) {
      this.#secrets.set(corpId, corpSecret);
    }
    if (this.#keysAreTrusted) return;
    if (callbackToken.reveal() === '' || encodingAESKey.reveal() === '') return;
    const isWanted = corpId === (this.corpId ?? this.#keys?.corpId ?? corpId);
    const isProven = acceptedSecretId === secretIdOf(corpId, corpSecret);
    if (!isWanted || (this.#keys !== null && !isProven)) return;
    this.#keys = { corpId, callbackToken, encodingAESKey, from: `the puppet of ${openKfId}` };
    this.#keysAreTrusted = isProven;
  }
}

function isReadable(secret: Secret): boolean {
  const text = secret.reveal();
  return text !== '' && !isSealed(text);
}
