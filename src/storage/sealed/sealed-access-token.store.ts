import { SealError, type Sealer } from '../../crypto/sealer.js';
import type { Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import type { TokenRecord } from '../../wecom/tokens/access-token.js';
import { AccessTokenStore, type TokenLease } from '../../wecom/tokens/access-token.store.js';
import { tokenIdentityOf } from './token-secrets.js';

/**
 * Puts sealed access tokens into the store of an adapter and gives opened ones. One that cannot be opened
 * counts as none, since upstream gives it again.
 */
export class SealedAccessTokenStore extends AccessTokenStore {
  override readonly isShared: boolean;
  /** The keys of which it was said that something sealed with them cannot be opened. */
  readonly #said = new Set<string>();

  constructor(
    private readonly inner: AccessTokenStore,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {
    super();
    this.isShared = inner.isShared;
  }

  override async find(secretId: string): Promise<TokenRecord | null> {
    return this.#open(await this.inner.find(secretId));
  }

  override async findByTokenId(tokenId: string): Promise<TokenRecord | null> {
    return this.#open(await this.inner.findByTokenId(tokenId));
  }

  override async lease(
    secret: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease> {
    const lease = await this.inner.lease(secret, leaseId, nowMs, leaseMs);
    return { ...lease, record: this.#open(lease.record) };
  }

  override save(record: TokenRecord, leaseId: string): Promise<boolean> {
    const seal = (value: string) => this.sealer.seal(value, tokenIdentityOf(record.secretId));
    return this.inner.save(withValue(record, seal), leaseId);
  }

  override release(secretId: string, leaseId: string): Promise<void> {
    return this.inner.release(secretId, leaseId);
  }

  override revoke(secretId: string, tokenId: string): Promise<void> {
    return this.inner.revoke(secretId, tokenId);
  }

  #open(record: TokenRecord | null): TokenRecord | null {
    if (record === null) return null;
    try {
      return withValue(record, (value) => this.sealer.open(value, tokenIdentityOf(record.secretId)));
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.#sayClosed(record, error);
      return null;
    }
  }

  /** Once for each key: replicas whose keys differ would ask WeCom for the same token again and again. */
  #sayClosed({ corpId }: TokenRecord, { keyId, isKeyUnknown }: SealError): void {
    if (this.#said.has(keyId)) return;
    this.#said.add(keyId);
    const reason = isKeyUnknown
      ? 'SECRETS_KEY does not have the key of an access token; give all replicas the same keys'
      : 'an access token was changed or moved by someone else; it is asked for anew';
    this.log.warn({ corpId, keyId, reason }, 'token.cannot_open');
  }
}

function withValue(record: TokenRecord, change: (value: string) => string): TokenRecord {
  const { token } = record;
  if (token === null) return record;
  const before = token.value.reveal();
  const value = change(before);
  return value === before ? record : { ...record, token: { ...token, value: new Secret(value) } };
}
