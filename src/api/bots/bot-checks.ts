import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { isOpen } from '../../registry/bots/bot.js';
import { toBody } from '../../registry/bots/bot-body.js';
import { type Terms, toChangedBody, toNewBody } from '../../registry/bots/bot-request.js';
import type { KnownBot, OpenBot } from '../../registry/bots/known-bots.js';
import type { BotChangeDto, NewBotDto } from '../../registry/bots/bot.dto.js';
import type { KindDto } from '../../registry/bots/kinds.dto.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { isSecretError } from '../../wecom/client/wecom-answer.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { AccessTokens } from '../../wecom/tokens/access-tokens.js';
import { apiConfig } from './api.config.js';

type Operator = Pick<FastifyRequest, 'ip' | 'trace'>;

/** Judges bots and changes of bots that operators ask for. It stores nothing. */
@Injectable()
export class BotChecks {
  constructor(
    private readonly endpoints: EndpointPolicy,
    private readonly tokens: AccessTokens,
    private readonly outcomes: WecomMetrics,
    private readonly storeClock: StoreClock,
    private readonly botEndpoints: BotEndpoints,
    @Inject(apiConfig.KEY) private readonly config: ConfigType<typeof apiConfig>,
  ) {}

  /** @throws AppError `REQUEST_INVALID`, `WECOM_REFUSED`, `WECOM_UNREACHABLE` */
  async toNew(dto: NewBotDto, from: Operator): Promise<KindDto> {
    const bot = toNewBody(dto, this.#terms);
    this.#requireCarried(bot);
    this.#requireAllowed(bot);
    if (bot.takes === 'message') await this.#requireAccepted(bot, from);
    return bot;
  }

  /** @throws AppError `REQUEST_INVALID`, `WECOM_REFUSED`, `WECOM_UNREACHABLE`, `BOT_CLOSED` */
  async toChanged(dto: BotChangeDto, before: OpenBot, from: Operator): Promise<KindDto> {
    const bot = toChangedBody(dto, before, this.#terms);
    this.#requireCarried(bot);
    if (urlOf(bot) !== urlOf(toBody(before))) this.#requireAllowed(bot);
    const isNews = before.takes === 'event' || dto.corpSecret !== undefined;
    if (bot.takes === 'message' && isNews) await this.#requireAccepted(bot, from);
    return bot;
  }

  /**
   * Asks WeCom for a token with the corpSecret that the bot has now. Nobody waits for it: what WeCom answers is the bot's, so
   * that it no longer counts as refused where only the corpSecret before was wrong.
   */
  tryCorpSecret(bot: KnownBot, { ip, trace }: Operator): void {
    if (!isOpen(bot) || bot.secrets.corpSecret.reveal() === '') return;
    const { id, corpId, secrets } = bot;
    const caller = { role: 'operator', ip } as const;
    const asked = this.tokens.check({ corpId, corpSecret: secrets.corpSecret, caller, trace, botId: id });
    void asked.then(
      (outcome) => {
        // What was asked upstream is noted there.
        if ('token' in outcome && outcome.source !== 'upstream')
          this.outcomes.tokenAsked({ corpId, botId: id, errcode: 0, fault: null });
      },
      () => {},
    );
  }

  get #terms(): Terms {
    return { nowMs: this.storeClock.nowMs(), hasSecretsKey: this.config.hasSecretsKey };
  }

  #requireCarried(bot: KindDto): void {
    if (this.botEndpoints.carries(bot)) return;
    const detail = `kind must be one that this manager carries to: it was built without the carrier of ${bot.kind}`;
    throw new AppError('REQUEST_INVALID', { detail });
  }

  #requireAllowed(bot: KindDto): void {
    const url = urlOf(bot);
    const endpoint = url === undefined ? null : this.endpoints.readCallbackUrl(url);
    if (endpoint !== null && 'must' in endpoint)
      throw new AppError('REQUEST_INVALID', { detail: `${bot.kind}.url must ${endpoint.must}` });
  }

  /** The manager pulls messages with the corpSecret. If WeCom did not accept it, the bot would get none. */
  async #requireAccepted(
    { corpId, corpSecret: given = '' }: KindDto,
    { ip, trace }: Operator,
  ): Promise<void> {
    const caller = { role: 'operator', ip } as const;
    const corpSecret = new Secret(given);
    const outcome = await this.tokens.check({ corpId, corpSecret, caller, trace });
    if ('token' in outcome) return;
    const { errcode } = outcome.refusal;
    if (!isSecretError(errcode)) throw new AppError('WECOM_REFUSED', { detail: `errcode ${errcode}` });
    const detail = `corpSecret must be one that WeCom accepts for the corp (errcode ${errcode})`;
    throw new AppError('REQUEST_INVALID', { detail });
  }
}

/** Where its program or its service is; undefined where the manager calls neither. */
function urlOf({ callback, agent }: NewBotDto): string | undefined {
  return agent?.url ?? callback?.url;
}
