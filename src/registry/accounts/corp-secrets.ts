import { Injectable } from '@nestjs/common';
import type { Secret } from '../../kernel/secret.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistryReads } from '../sync/registry-reads.js';

/** The corpSecrets of registered puppets. */
@Injectable()
export class CorpSecrets {
  constructor(
    private readonly image: RegistryImage,
    private readonly reads: RegistryReads,
  ) {}

  /**
   * The distinct ones of a corp; those that WeCom accepted, where there are any.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async listOf(corpId: string): Promise<readonly Secret[]> {
    if (this.image.secretsOf(corpId).length === 0) await this.reads.lookUpCorp(corpId);
    return this.image.secretsOf(corpId);
  }

  /** Whether it is known here that WeCom accepted the corpSecret, which a puppet of the corp has; from memory. */
  isAccepted(corpId: string, corpSecret: Secret): boolean {
    return this.image.findSecret(corpId, corpSecret)?.isAccepted === true;
  }
}
