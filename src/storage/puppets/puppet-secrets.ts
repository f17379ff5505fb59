import { type Identity, isSealed, SealError, type Sealer } from '../../crypto/sealer.js';
import type { Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import type { Puppet } from './puppet.js';
import type { Judge } from './puppet.repository.js';
import { MissingKeys } from '../records/missing-keys.js';

const REMEDY =
  'delete the documents of wxkfpuppets whose corpSecret begins with "sealed v1" and the key\'s id, and let the puppets register again';

/** The secrets of a registration, by the name under which they are sealed. */
export const PUPPET_SECRETS = ['corpSecret', 'callbackToken', 'encodingAESKey'] as const;

export type PuppetSecret = (typeof PUPPET_SECRETS)[number];

/** Opening takes some 15 µs for each puppet; between two slices other work has its turn. */
const SLICE_SIZE = 250;

export type Owner = Pick<Puppet, 'openKfId' | 'corpId'>;

type WithSecrets = Owner & Pick<Puppet, PuppetSecret>;

/** A sealed secret opens only in its own field of its kf account's record, and only while the account belongs to the same corp. */
export function identityOf({ openKfId, corpId }: Owner, field: PuppetSecret): Identity {
  return ['puppet', openKfId, corpId, field];
}

export function sealPuppet<T extends WithSecrets>(puppet: T, sealer: Sealer): T {
  if (!sealer.hasKeys) return puppet;
  return withEach(puppet, (text, field) => sealer.seal(text, identityOf(puppet, field)));
}

/** Plain secrets, which a run without keys has left, stay as they are. @throws SealError */
export function openPuppet(puppet: Puppet, sealer: Sealer): Puppet {
  if (!PUPPET_SECRETS.some((field) => isSealed(puppet[field].reveal()))) return puppet;
  return withEach(puppet, (text, field) => sealer.open(text, identityOf(puppet, field)));
}

/**
 * Seals the secrets of puppets for an adapter, and opens what it has stored. The manager does not start on a store whose key is
 * missing. Later, when a key is missing or a record was tampered with, the other puppets must not suffer: that puppet is known
 * without its secrets, and the log says so once.
 */
export class PuppetSecrets {
  #hasLoaded = false;
  /** Puppets already reported as unreadable. */
  readonly #closed = new Set<string>();

  constructor(
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

  seal<T extends WithSecrets>(puppet: T): T {
    return sealPuppet(puppet, this.sealer);
  }

  open<T extends Puppet | null>(stored: T): T | Puppet {
    return stored === null ? stored : this.#open(stored, null);
  }

  /** A judge that gets the stored puppet with its secrets opened. */
  judging(judge: Judge): Judge {
    return (stored) => judge(this.open(stored));
  }

  /** Opens all puppets of the store. @throws StorageStartError at the end of the first load, when a key is missing. */
  async *load(batches: AsyncIterable<readonly Puppet[]>): AsyncIterable<readonly Puppet[]> {
    const missing = this.#hasLoaded ? null : new MissingKeys('registration(s)', REMEDY);
    for await (const puppets of batches) {
      for (let at = 0; at < puppets.length; at += SLICE_SIZE) {
        const opened = puppets.slice(at, at + SLICE_SIZE).map((puppet) => this.#open(puppet, missing));
        if (missing === null || missing.isEmpty) yield opened;
        await new Promise(setImmediate);
      }
    }
    if (missing !== null && !missing.isEmpty) throw missing.toError(this.sealer.hasKeys);
    this.#hasLoaded = true;
  }

  /** @param missing collects the missing keys, instead of a log line. */
  #open(stored: Puppet, missing: MissingKeys | null): Puppet {
    try {
      const opened = openPuppet(stored, this.sealer);
      if (this.#closed.size > 0) this.#closed.delete(stored.openKfId);
      return opened;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      if (missing !== null && error.isKeyUnknown) missing.add(error.keyId);
      else this.#sayClosed(stored, error);
      return withoutSecrets(stored);
    }
  }

  #sayClosed({ openKfId, corpId }: Puppet, { keyId, isKeyUnknown }: SealError): void {
    if (this.#closed.has(openKfId)) return;
    this.#closed.add(openKfId);
    const reason = isKeyUnknown
      ? 'SECRETS_KEY does not have this key; add it, or let the puppet register again'
      : 'the record was changed or moved by someone else; let the puppet register again';
    this.log.error({ openKfId, corpId, keyId, reason }, 'secrets.cannot_open');
  }
}

/** Such a puppet is known and cannot be used. */
function withoutSecrets(puppet: Puppet): Puppet {
  return withEach(puppet, () => '');
}

function withEach<T extends WithSecrets>(
  puppet: T,
  change: (text: string, field: PuppetSecret) => string,
): T {
  const changed = (field: PuppetSecret) => new Secret(change(puppet[field].reveal(), field));
  return {
    ...puppet,
    corpSecret: changed('corpSecret'),
    callbackToken: changed('callbackToken'),
    encodingAESKey: changed('encodingAESKey'),
  };
}
