import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { BotEndpoints } from '../dispatch/endpoint/bot-endpoint.js';
import { AppError } from '../kernel/app-error.js';
import type { Secret } from '../kernel/secret.js';
import { StoreClock } from '../kernel/store-clock.js';
import { type Bot, readSecrets } from '../registry/bots/bot.js';
import type { NewBot } from '../registry/bots/bots.service.js';
import type { KnownBot, OpenBot } from '../registry/bots/known-bots.js';
import { newUrlIn, toBotChange, toNewBot, urlIn } from '../registry/bots/asked-bot.js';
import type { BotChangeDto, NewBotDto } from '../registry/bots/bot.dto.js';
import type { Terms } from '../registry/bots/taking.js';
import { EndpointPolicy } from '../registry/endpoint/endpoint-policy.js';
import { WecomMetrics } from '../wecom/outcomes/wecom-metrics.js';
import { AccessTokens } from '../wecom/tokens/access-tokens.js';
import { toTokenCaller } from '../wecom/tokens/token-caller.js';
import type { TokenOutcome } from '../wecom/tokens/token-outcome.js';
import { isRefusedSecret } from '../wecom/tokens/token-secret-check.js';
import { apiConfig } from './api.config.js';

type AskedFrom = Pick<FastifyRequest, 'ip' | 'trace'>;

/** Judges bots and changes of bots that operators ask for. It stores nothing. */
@Injectable()
export class AskedBots {
  constructor(
    private readonly endpoints: EndpointPolicy,
    private readonly tokens: AccessTokens,
    private readonly outcomes: WecomMetrics,
    private readonly storeClock: StoreClock,
    private readonly botEndpoints: BotEndpoints,
    @Inject(apiConfig.KEY) private readonly config: ConfigType<typeof apiConfig>,
  ) {}

  /** @throws AppError `REQUEST_INVALID`, `WECOM_REFUSED`, `WECOM_UNREACHABLE` */
  async toNew(dto: NewBotDto, from: AskedFrom): Promise<NewBot> {
    const given = toNewBot(dto, this.#terms);
    this.#requireCarried(given);
    this.#requireAllowed('callback.url', urlIn(dto));
    this.#requireAllowed('agent.url', dto.agent?.url);
    if (given.takes === 'message') await this.#requireAccepted(given.corpId, secretOf(given), from);
    return given;
  }

  /** @throws AppError `REQUEST_INVALID`, `WECOM_REFUSED`, `WECOM_UNREACHABLE`, `BOT_CLOSED` */
  async toChange(dto: BotChangeDto, bot: OpenBot, from: AskedFrom): Promise<Partial<NewBot>> {
    const change = toBotChange(dto, bot, this.#terms);
    const changed = { ...bot, ...change };
    this.#requireCarried(changed);
    this.#requireAllowed('callback.url', newUrlIn(dto, bot.opened));
    this.#requireAllowed('agent.url', dto.agent?.url);
    const isNews = bot.takes === 'event' || dto.corpSecret !== undefined;
    if (changed.takes === 'message' && isNews)
      await this.#requireAccepted(bot.corpId, secretOf(changed), from);
    return change;
  }

  /**
   * Asks WeCom for a token with the corpSecret that the bot has now. Nobody waits for it: what WeCom answers is the bot's, so
   * that it no longer counts as refused where only the corpSecret before was wrong.
   */
  tryCorpSecret({ id, corpId, opened }: KnownBot, { ip, trace }: AskedFrom): void {
    if (opened === null || opened.corpSecret.reveal() === '') return;
    const caller = toTokenCaller('operator', ip);
    const asked = this.tokens.check({ corpId, corpSecret: opened.corpSecret, caller, trace, botId: id });
    const note = (outcome: TokenOutcome): void => {
      // What was asked upstream is noted there.
      if ('token' in outcome && outcome.source !== 'upstream')
        this.outcomes.tokenAsked({ corpId, botId: id, errcode: 0, fault: null });
    };
    void asked.then(note, () => {});
  }

  get #terms(): Terms {
    return { nowMs: this.storeClock.nowMs(), hasSecretsKey: this.config.hasSecretsKey };
  }

  #requireCarried(bot: Parameters<BotEndpoints['carries']>[0]): void {
    if (this.botEndpoints.carries(bot)) return;
    const detail = `kind must be one that this manager carries to: it was built without the carrier of ${bot.kind}`;
    throw new AppError('REQUEST_INVALID', { detail });
  }

  #requireAllowed(field: string, url: string | undefined): void {
    if (url === undefined) return;
    const endpoint = this.endpoints.readCallbackUrl(url);
    if ('must' in endpoint)
      throw new AppError('REQUEST_INVALID', { detail: `${field} must ${endpoint.must}` });
  }

  /** The manager pulls messages with the corpSecret. If WeCom did not accept it, the bot would get none. */
  async #requireAccepted(corpId: string, corpSecret: Secret, { ip, trace }: AskedFrom): Promise<void> {
    const caller = toTokenCaller('operator', ip);
    const outcome = await this.tokens.check({ corpId, corpSecret, caller, trace });
    if ('token' in outcome) return;
    const { errcode } = outcome.refusal;
    if (!isRefusedSecret(errcode)) throw new AppError('WECOM_REFUSED', { detail: `errcode ${errcode}` });
    const detail = `corpSecret must be one that WeCom accepts for the corp (errcode ${errcode})`;
    throw new AppError('REQUEST_INVALID', { detail });
  }
}

function secretOf(bot: Pick<Bot, 'secrets'>): Secret {
  const secrets = readSecrets(bot);
  if (secrets === null) throw new AppError('BOT_CLOSED');
  return secrets.corpSecret;
}
