import { Injectable } from '@nestjs/common';
import { Destinations } from '../../registry/accounts/destination.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { SyncTokens } from '../../registry/bots/sync-tokens.js';
import { RecordStore } from '../../storage/records/records.js';
import type { TokenlessSync } from '../calls/call-limits.js';
import { parseObject } from '../client/wecom-answer.js';
import type { BotCall } from './bot-calls.js';
import type { ProxyBody } from './proxy-body.js';

const NO_BOT = { botId: '', openKfId: '' };

/** A pull that WeCom may count as one without a sync token. */
interface CountedPull {
  readonly as: TokenlessSync;
  readonly hasToken: boolean;
}

/** Judges the sync tokens of proxied pulls, as far as it is known which ones are good. */
@Injectable()
export class PullTokens {
  constructor(
    private readonly syncTokens: SyncTokens,
    private readonly destinations: Destinations,
    private readonly bots: KnownBots,
    private readonly records: RecordStore,
  ) {}

  /**
   * A streamed body, and one that is no JSON, has no sync token.
   * @param body as WeCom gets it. @param bot `null` for other callers.
   * @returns `null` for a pull with a good token, and where nobody here knows which ones are.
   */
  judge(corpId: string | null, body: ProxyBody, bot: BotCall | null): CountedPull | null {
    const bytes = 'whole' in body ? body.whole : null;
    const { token, open_kfid: named } = (bytes === null ? null : parseObject(bytes.toString('utf8'))) ?? {};
    const asker = bot?.asker ?? NO_BOT;
    if (typeof token !== 'string' || token === '') return { as: asker, hasToken: false };
    const openKfIds = bot?.openKfIds ?? this.#served(corpId, named);
    if (corpId === null || openKfIds === null) return null;
    const isGoodByNow = () =>
      openKfIds.some((openKfId) => this.syncTokens.isGood({ corpId, openKfId }, token));
    if (isGoodByNow()) return null;
    return { as: this.records.isShared ? { ...asker, isGoodByNow } : asker, hasToken: true };
  }

  /** Of a caller that is no bot: the account, if its events come here. Tokens are kept only where there are bots. */
  #served(corpId: string | null, openKfId: unknown): readonly string[] | null {
    if (corpId === null || typeof openKfId !== 'string' || this.bots.countOf(corpId) === 0) return null;
    return this.destinations.find({ corpId, openKfId }).hasRecipient ? [openKfId] : null;
  }
}
