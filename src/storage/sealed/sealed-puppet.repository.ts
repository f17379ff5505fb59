import { SealError, type Sealer } from '../../crypto/sealer.js';
import type { Log } from '../../kernel/log.js';
import type { Puppet, Registration } from '../../registry/puppet.js';
import {
  type ChangeCursor,
  type Changes,
  type Goodbye,
  type Judge,
  PuppetRepository,
} from '../../registry/puppet.repository.js';
import { MissingKeys } from './missing-keys.js';
import { openPuppet, sealPuppet, withoutSecrets } from './puppet-secrets.js';

/** Opening takes some 15 µs for each puppet; between two slices other work has its turn. */
const SLICE_SIZE = 250;

/**
 * Seals secrets before an adapter stores them, and opens them afterwards. The manager does not start on a store
 * whose key is missing. Later, when a key is missing or a record was tampered with, the other puppets must not
 * suffer: that puppet is known without its secrets, and the log says so once.
 */
export class SealedPuppetRepository extends PuppetRepository {
  override readonly isShared: boolean;
  #hasLoaded = false;
  /** Puppets already reported as unreadable. */
  readonly #closed = new Set<string>();

  constructor(
    private readonly inner: PuppetRepository,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {
    super();
    this.isShared = inner.isShared;
  }

  /** @throws StorageStartError the first time, at its end, where a key is missing. */
  override async *load(): AsyncIterable<readonly Puppet[]> {
    const missing = this.#hasLoaded ? null : new MissingKeys('puppet');
    for await (const puppets of this.inner.load()) {
      for (let at = 0; at < puppets.length; at += SLICE_SIZE) {
        const opened = puppets.slice(at, at + SLICE_SIZE).map((puppet) => this.#open(puppet, missing));
        if (missing === null || missing.isEmpty) yield opened;
        await new Promise(setImmediate);
      }
    }
    if (missing !== null && !missing.isEmpty) throw missing.toError(this.sealer.hasKeys);
    this.#hasLoaded = true;
  }

  override async find(openKfId: string): Promise<Puppet | null> {
    return this.#openOrNull(await this.inner.find(openKfId));
  }

  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    return (await this.inner.listByCorp(corpId, limit)).map((puppet) => this.#open(puppet));
  }

  override async save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null> {
    const sealed = sealPuppet(registration, this.sealer);
    const saved = await this.inner.save(sealed, nowMs, this.#opened(mayReplace));
    if (saved === null) return null;
    this.#closed.delete(registration.openKfId);
    const { corpSecret, callbackToken, encodingAESKey } = registration;
    return { ...saved, corpSecret, callbackToken, encodingAESKey };
  }

  override async restore(puppet: Puppet, mayReplace: Judge): Promise<boolean> {
    const isWritten = await this.inner.restore(sealPuppet(puppet, this.sealer), this.#opened(mayReplace));
    if (isWritten) this.#closed.delete(puppet.openKfId);
    return isWritten;
  }

  override async forget(openKfId: string): Promise<Puppet | null> {
    return this.#openOrNull(await this.inner.forget(openKfId));
  }

  override async markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null> {
    return this.#openOrNull(await this.inner.markOffline(goodbye, nowMs));
  }

  override async markOnline(
    puppet: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null> {
    return this.#openOrNull(await this.inner.markOnline(puppet, nowMs));
  }

  override markAnswered(puppet: Puppet): Promise<void> {
    return this.inner.markAnswered(puppet);
  }

  override async markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null> {
    return this.#openOrNull(await this.inner.markAccepted(openKfId, secretId, this.#opened(isOf)));
  }

  override async changes(cursor: ChangeCursor | null): Promise<Changes> {
    const changes = await this.inner.changes(cursor);
    return { ...changes, puppets: changes.puppets.map((puppet) => this.#open(puppet)) };
  }

  /** The judge gets opened secrets. */
  #opened(judge: Judge): Judge {
    return (stored) => judge(this.#openOrNull(stored));
  }

  #openOrNull(puppet: Puppet | null): Puppet | null {
    return puppet === null ? null : this.#open(puppet);
  }

  /** @param missing collects the missing keys, instead of a log line. */
  #open(puppet: Puppet, missing: MissingKeys | null = null): Puppet {
    try {
      const opened = openPuppet(puppet, this.sealer);
      if (this.#closed.size > 0) this.#closed.delete(puppet.openKfId);
      return opened;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      if (missing !== null && error.isKeyUnknown) missing.add(error.keyId);
      else this.#sayClosed(puppet, error);
      return withoutSecrets(puppet);
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
