import { Injectable } from '@nestjs/common';
import { toVerificationQuery, type VerificationQuery } from '../crypto/verification-query.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { CallbackOpener } from './callback-opener.js';

/**
 * Makes the request that WeCom sends when a callback URL is saved. So a caller without the corp's keys can try
 * whether a callback URL leads to this manager.
 */
@Injectable()
export class CallbackVerification {
  constructor(
    private readonly opener: CallbackOpener,
    private readonly clock: Clock,
  ) {}

  /**
   * Signs with a trusted key pair of the corp; with any pair of the corp if none is trusted.
   * @throws AppError `CALLBACK_CORP_UNKNOWN`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async makeQuery(corpId: string): Promise<VerificationQuery> {
    const { pairs } = await this.opener.getKeys(corpId);
    const all = [...pairs.values()];
    const pair = all.find(({ isTrusted }) => isTrusted) ?? all[0];
    if (pair === undefined) throw new AppError('CALLBACK_CORP_UNKNOWN');
    const { callbackToken, encodingAESKey } = pair;
    return toVerificationQuery({ corpId, callbackToken, encodingAESKey }, this.clock.nowMs());
  }
}
