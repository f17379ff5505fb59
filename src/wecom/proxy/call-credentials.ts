import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { ID_FORMAT } from '../../kernel/wecom-format.js';
import { Corps } from '../../registry/accounts/corps.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { tokenIdOf } from '../tokens/access-token.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import type { RefusedOutcome, TokenRequest } from '../tokens/token-request.js';
import { type BotCall, BotCalls } from './bot-calls.js';
import type { ProxyTarget } from './proxy-target.js';

/** The access token of a call, and the corp that the call counts for. */
export interface Credential {
  readonly kind: 'caller' | 'manager' | 'none';
  /** For a bot always the bot's own corp. For other callers the token's corp; `null` when it is unknown. */
  readonly corpId: string | null;
  readonly tokenId: string | null;
  /** Identifies the app of the token; `null` when unknown. See `secretIdOf`. */
  readonly appId: string | null;
  readonly query: string;
  /** Gets a new token after WeCom refused this one, or resolves with `null`. It is `null` itself when no renewal is allowed. */
  readonly renew: (() => Promise<Credential | null>) | null;
  /** The call of a bot; `null` for other callers. */
  readonly bot: BotCall | null;
}

/** There is no token for the call: WeCom refused to give one. */
interface RefusedCredential {
  readonly kind: 'manager';
  readonly corpId: string;
  readonly refused: RefusedOutcome;
  readonly bot: BotCall | null;
}

/** Finds the access token of a proxied call: the one that the caller sent, or for known callers one of a registered secret. */
@Injectable()
export class CallCredentials {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly corps: Corps,
    private readonly destinations: Destinations,
    private readonly bots: BotCalls,
  ) {}

  /**
   * @throws AppError `BOT_FORBIDDEN`, `PROXY_UNAUTHENTICATED`, `PROXY_SECRET_AMBIGUOUS`, `REQUEST_INVALID`, `WECOM_UNREACHABLE`,
   *   `REGISTRY_CORP_NOT_FOUND`, `REGISTRY_PUPPET_NOT_FOUND`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async find(target: ProxyTarget, request: FastifyRequest): Promise<Credential | RefusedCredential> {
    const { accessToken, corpId, query } = target;
    const bot = this.bots.admit(request.bot, target);
    if (accessToken !== null) {
      const tokenId = tokenIdOf(new Secret(accessToken));
      const owner = await this.tokens.findOwnerOf(tokenId);
      const corpOfToken = owner ? owner.corpId : owner;
      await bot?.requireToken(tokenId, corpOfToken, request);
      const corpIdOfCall = bot?.corpId ?? corpOfToken ?? null;
      const appId = owner?.secretId ?? bot?.appId ?? null;
      return { kind: 'caller', corpId: corpIdOfCall, tokenId, appId, query, renew: null, bot };
    }
    if (corpId === null)
      return {
        kind: 'none',
        corpId: bot?.corpId ?? null,
        tokenId: null,
        appId: null,
        query,
        renew: null,
        bot,
      };
    if (request.role === null && request.bot === null) throw new AppError('PROXY_UNAUTHENTICATED');
    const corpSecret = bot?.corpSecret ?? (await this.#getSecret(corpId, target.openKfId));
    const isProven = this.corps.isAccepted(corpId, corpSecret);
    const botId = request.bot?.id ?? null;
    const asked = { corpId, corpSecret, caller: request, botId, isProven, trace: request.trace };
    return this.#ours(target, asked, bot, true);
  }

  /** @param isFirst whether the token may be renewed. That is done once for a call. */
  async #ours(
    target: ProxyTarget,
    request: TokenRequest,
    bot: BotCall | null,
    isFirst: boolean,
  ): Promise<Credential | RefusedCredential> {
    const outcome = await this.tokens.getForCall(request);
    const { corpId } = request;
    if ('refusal' in outcome) return { kind: 'manager', corpId, refused: outcome, bot };
    const { id: tokenId, value } = outcome.token;
    const renew = async (): Promise<Credential | null> => {
      const renewed = await this.#ours(target, request, bot, false).catch(() => null);
      return renewed === null || 'refused' in renewed || renewed.tokenId === tokenId ? null : renewed;
    };
    const query = target.queryWith(value.reveal());
    const appId = secretIdOf(corpId, request.corpSecret);
    return { kind: 'manager', corpId, tokenId, appId, query, renew: isFirst ? renew : null, bot };
  }

  async #getSecret(corpId: string, openKfId: string | null): Promise<Secret> {
    for (const [name, id] of Object.entries({ corpid: corpId, openKfId: openKfId ?? 'none' })) {
      if (!ID_FORMAT.pattern.test(id)) {
        throw new AppError('REQUEST_INVALID', { detail: `${name} must be ${ID_FORMAT.expected}` });
      }
    }
    return openKfId === null ? this.#getSecretOfCorp(corpId) : this.#getSecretOfAccount(corpId, openKfId);
  }

  async #getSecretOfCorp(corpId: string): Promise<Secret> {
    const [secret, ...others] = await this.corps.listSecrets(corpId);
    if (secret === undefined) throw new AppError('REGISTRY_CORP_NOT_FOUND');
    if (others.length > 0) throw new AppError('PROXY_SECRET_AMBIGUOUS');
    return secret;
  }

  async #getSecretOfAccount(corpId: string, openKfId: string): Promise<Secret> {
    const known = this.destinations.find({ corpId, openKfId });
    const { puppet } = known.isUnknown ? await this.destinations.lookUp(known) : known;
    // An account of another corp gets the same answer as one that does not exist.
    if (puppet === null || puppet.corpSecret.reveal() === '') throw new AppError('REGISTRY_PUPPET_NOT_FOUND');
    return puppet.corpSecret;
  }
}
