import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { type CorpKeys, KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistryReads } from '../sync/registry-reads.js';
import type { SecretVerdict } from '../puppets/secret-check.js';
import { SecretProofs } from '../puppets/secret-proofs.js';
import type { CorpPair } from '../keys/shared-keys.js';

/** The keys that open the callbacks of each corp. */
@Injectable()
export class CallbackKeys {
  constructor(
    private readonly corps: KnownCorps,
    private readonly image: RegistryImage,
    private readonly reads: RegistryReads,
    private readonly proofs: SecretProofs,
    private readonly clock: Clock,
  ) {}

  /** From memory. @returns `null` when no credentials of the corp are known. */
  find(corpId: string): CorpKeys | null {
    return this.corps.find(corpId);
  }

  /**
   * Call it when `find` knows none: reads the corp from the store, too.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async lookUp(corpId: string): Promise<CorpKeys | null> {
    await this.reads.lookUpCorp(corpId);
    return this.find(corpId);
  }

  /**
   * For a callback that no known key opens: reads what other replicas wrote a moment ago.
   * @returns `null` when nothing can have changed.
   * @throws AppError `REGISTRY_NOT_LOADED` with `cause`, `STORE_UNAVAILABLE`
   */
  async findLater(corpId: string, cause: unknown): Promise<CorpKeys | null> {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED', { cause });
    return (await this.reads.catchUp()) ? this.find(corpId) : null;
  }

  /**
   * Whether the pair may open events of its whole corp, and not only of its own accounts. It may if another replica has noted
   * that, or if WeCom accepts the secret of a puppet that uses the pair. Takes little more than `limitMs`, and never rejects.
   */
  async prove(pair: CorpPair, limitMs: number, trace: TraceContext | null = null): Promise<SecretVerdict> {
    const startedMs = this.clock.elapsedMs();
    // The read updates `pair.isTrusted`.
    await this.reads.catchUp().catch(() => {});
    if (pair.isTrusted) return 'accepted';
    const leftMs = limitMs - (this.clock.elapsedMs() - startedMs);
    return this.proofs.prove(pair, Math.max(0, leftMs), trace);
  }
}
