import { Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import type { TokenRecord } from '../../wecom/tokens/access-token.js';
import { AccessTokenStore, type TokenLease } from '../../wecom/tokens/access-token.store.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';
import { fromDocument, nothingOf, TOKENS, type TokenDocument, toDocument } from './token.schema.js';

const FREED = { leaseId: null, leasedUntil: null } as const;

/** `save` also accepts a lapsed lease, so the lease is kept longer; a clock may be a little late. */
const LEASE_KEPT_MS = 60_000;

/** Each write changes one document, and its condition says what must still be true. */
@Injectable()
export class MongoAccessTokenStore extends AccessTokenStore {
  override readonly isShared = true;
  readonly #documents: Collection<TokenDocument>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#documents = store.collection(TOKENS);
  }

  override find(secretId: string): Promise<TokenRecord | null> {
    return this.#findOne({ _id: secretId });
  }

  override findByTokenId(tokenId: string): Promise<TokenRecord | null> {
    return this.#findOne({ $or: [{ 'token.id': tokenId }, { 'token.formerIds': tokenId }] });
  }

  /**
   * While somebody else's lease is running, nothing matches, and the following insert fails because the document
   * exists.
   */
  override async lease(
    { secretId, corpId }: Pick<TokenRecord, 'secretId' | 'corpId'>,
    leaseId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<TokenLease> {
    const leasedUntil = new Date(nowMs + leaseMs);
    return this.store.run('lease secret', async () => {
      try {
        const document = await this.#documents.findOneAndUpdate(
          { _id: secretId, $or: [{ leaseId }, { leasedUntil: { $not: { $gt: new Date(nowMs) } } }] },
          {
            $set: { leaseId, leasedUntil },
            $max: { keptUntil: new Date(nowMs + leaseMs + LEASE_KEPT_MS) },
            $setOnInsert: nothingOf(corpId),
          },
          { upsert: true, returnDocument: 'after' },
        );
        return { isHeld: true, record: fromDocument(document) };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return { isHeld: false, record: fromDocument(await this.#documents.findOne({ _id: secretId })) };
      }
    });
  }

  override async save(record: TokenRecord, leaseId: string): Promise<boolean> {
    const { _id, ...fields } = toDocument(record);
    const { matchedCount } = await this.store.run('save access token', () =>
      this.#documents.replaceOne({ _id, leaseId }, fields),
    );
    return matchedCount === 1;
  }

  override async release(secretId: string, leaseId: string): Promise<void> {
    await this.store.run('release secret', () =>
      this.#documents.updateOne({ _id: secretId, leaseId }, { $set: FREED }),
    );
  }

  override async revoke(secretId: string, tokenId: string): Promise<void> {
    await this.store.run('revoke access token', () =>
      this.#documents.updateOne(
        { _id: secretId, 'token.id': tokenId },
        { $set: { 'token.isRevoked': true } },
      ),
    );
  }

  #findOne(filter: mongo.Filter<TokenDocument>): Promise<TokenRecord | null> {
    return this.store.run('find access token', async () =>
      fromDocument(await this.#documents.findOne(filter)),
    );
  }
}
