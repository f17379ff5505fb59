import { Injectable } from '@nestjs/common';
import { toVerificationQuery, type VerificationQuery } from '../crypto/verification-query.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { CallbackOpener } from './callback-opener.js';

/** Asks in WeCom's place, so that whoever has no keys can try whether a callback URL leads here. */
@Injectable()
export class CallbackVerification {
  constructor(
    private readonly opener: CallbackOpener,
    private readonly clock: Clock,
  ) {}

  /**
   * Signed with trusted keys of the corp, where there are some.
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
