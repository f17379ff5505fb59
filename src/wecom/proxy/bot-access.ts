import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import type { Secret } from '../../kernel/secret.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { listedIn, takesAllOthers } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { SyncTokens } from '../../registry/bots/sync-tokens.js';
import { AccessTokens } from '../tokens/access-tokens.js';

/** What is a bot's own: its accounts, its access token, and the sync tokens of its accounts. */
@Injectable()
export class BotAccess {
  constructor(
    private readonly destinations: Destinations,
    private readonly tokens: AccessTokens,
    private readonly syncTokens: SyncTokens,
  ) {}

  /** @throws AppError `BOT_FORBIDDEN` */
  requireOwn(bot: KnownBot, openKfId: string): void {
    if (listedIn(bot).includes(openKfId)) return;
    const { corpId } = bot;
    const to = takesAllOthers(bot) ? this.destinations.find({ corpId, openKfId }) : null;
    if (to === null || (to.bot?.id ?? to.puppet?.botId) !== bot.id)
      throw forbidden('open_kfid must be an account of the bot');
  }

  /**
   * Checks the access token of a call. The manager must have given it out for the corp, or WeCom must give the same token for
   * the bot's own secret: some programs always fetch their token from WeCom directly.
   * @param corpOfToken `null` when the manager did not give it out, `undefined` when that is not known.
   * @throws AppError `BOT_FORBIDDEN`, `STORE_UNAVAILABLE`, `WECOM_UNREACHABLE`
   */
  async requireToken(
    bot: KnownBot,
    tokenId: string,
    corpOfToken: string | null | undefined,
    { ip, trace }: FastifyRequest,
  ): Promise<void> {
    const { corpId } = bot;
    const corpSecret = corpSecretOf(bot);
    if (corpOfToken === corpId) return;
    if (typeof corpOfToken === 'string') throw forbidden('the access token is of another corp');
    if (corpSecret !== null) {
      const caller = { role: null, ip, bot };
      const own = await this.tokens.getForCall({ corpId, corpSecret, caller, botId: bot.id, trace });
      if ('token' in own && own.token.id === tokenId) return;
    }
    // Another replica may have given it out, so the token may be valid.
    if (corpOfToken === undefined) throw new AppError('STORE_UNAVAILABLE');
    throw forbidden(
      corpSecret === null
        ? 'the manager did not give out the access token, and the bot has no corpSecret to check it with; get it from getToken'
        : "the manager did not give out the access token, and it is not that of the bot's corpSecret; get it from getToken",
    );
  }

  /** Whether a sync token is known to be one of the account, and good. */
  isGoodSyncToken({ corpId }: KnownBot, openKfId: string, token: string): boolean {
    return this.syncTokens.isGood({ corpId, openKfId }, token);
  }

  /** The account's newest valid sync token; `null` for none. */
  findSyncToken({ corpId }: KnownBot, openKfId: string): string | null {
    return this.syncTokens.find(corpId, openKfId);
  }
}

/** `null` when none is stored for the bot. */
export function corpSecretOf({ secrets }: KnownBot): Secret | null {
  const secret = secrets?.corpSecret ?? null;
  return secret === null || secret.reveal() === '' ? null : secret;
}

export function forbidden(detail: string): AppError {
  return new AppError('BOT_FORBIDDEN', { detail });
}
