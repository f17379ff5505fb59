import { Injectable } from '@nestjs/common';
import type { Secret } from '../../kernel/secret.js';
import { KnownBots } from '../bots/known-bots.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistryReads } from '../sync/registry-reads.js';

/** The corps that have a puppet, an app or a bot, and the corpSecrets of their puppets. */
@Injectable()
export class Corps {
  constructor(
    private readonly image: RegistryImage,
    private readonly keys: KnownCorps,
    private readonly bots: KnownBots,
    private readonly reads: RegistryReads,
  ) {}

  /** From memory. */
  has(corpId: string): boolean {
    return (
      this.image.accountCountOf(corpId) > 0 ||
      this.keys.find(corpId) !== null ||
      this.bots.countOf(corpId) > 0
    );
  }

  /** The corp of whoever has the account, from memory; `null` where nobody is known to. */
  findOf(openKfId: string): string | null {
    return this.image.findPuppet(openKfId)?.corpId ?? this.bots.findListing(openKfId)?.corpId ?? null;
  }

  /** Whether a puppet of the corp is known with its corpSecret, from memory. */
  hasSecrets(corpId: string): boolean {
    return this.image.secretsOf(corpId).length > 0;
  }

  /**
   * The distinct corpSecrets of the corp; those that WeCom accepted, where there are any.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async listSecrets(corpId: string): Promise<readonly Secret[]> {
    if (this.image.secretsOf(corpId).length === 0) await this.reads.lookUpCorp(corpId);
    return this.image.secretsOf(corpId);
  }

  /** Whether a puppet of the corp has this corpSecret and WeCom accepted it, as far as memory knows. */
  isAccepted(corpId: string, corpSecret: Secret): boolean {
    return this.image.findSecret(corpId, corpSecret)?.isAccepted === true;
  }
}
