import { Injectable } from '@nestjs/common';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { ConnectedBots } from '../../registry/bots/connected-bots.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { readAgent } from '../../registry/bots/agent.dto.js';
import { toBotDto } from '../../registry/bots/bot-body.js';
import { BotCallbackFieldsDto } from '../../registry/bots/bot.dto.js';
import { knownFieldsOf } from '../../http/answers/validation.js';
import { shownUrl } from '../../registry/endpoint/endpoint.js';
import { type AccountView, AccountViews, statesOf } from '../../insight/accounts/account-views.js';
import type { Cause } from '../../insight/accounts/cause.js';
import { CurrentStatus } from '../../insight/verdict/current-status.js';
import { Past } from '../../log/past.js';
import { toIso, toTime } from '../../http/answers/times.js';
import { toCauseAnswer } from '../answers/cause.dto.js';
import { toFailureAnswer } from '../answers/failure.dto.js';
import { toLastHourAnswer } from '../answers/last-hour.dto.js';
import type { BotAnswer, BotCallbackAnswer } from './bots.dto.js';

/** By the id of a bot. */
interface Now {
  readonly causes: ReadonlyMap<string, readonly Cause[]>;
  readonly views: ReadonlyMap<string, readonly AccountView[]>;
}

/** Shows operators a bot as it is at the moment. */
@Injectable()
export class BotAnswers {
  constructor(
    private readonly past: Past,
    private readonly circuits: Circuits,
    private readonly connected: ConnectedBots,
    private readonly status: CurrentStatus,
    private readonly accounts: AccountViews,
  ) {}

  async of(bot: KnownBot): Promise<BotAnswer> {
    return this.#toAnswer(bot, await this.#now());
  }

  async ofAll(bots: readonly KnownBot[]): Promise<BotAnswer[]> {
    const now = await this.#now();
    return bots.map((bot) => this.#toAnswer(bot, now));
  }

  async #now(): Promise<Now> {
    const [causes, { views }] = await Promise.all([this.status.causesByBot(), this.accounts.list()]);
    return { causes, views: Map.groupBy(views, ({ bot }) => bot?.id ?? '') };
  }

  #toAnswer(bot: KnownBot, { causes, views }: Now): BotAnswer {
    const { id, order, secrets, endpoint, createdAtMs } = bot;
    const { taken, failure, lastHour } = this.past.ofBot(id);
    const isUsable = !('must' in endpoint);
    return {
      ...toBotDto(bot),
      id,
      order: bot.takes === 'message' ? order : null,
      callback: toCallbackAnswer(bot),
      agent: bot.kind === 'agent' ? readAgent(bot.agent) : null,
      hasCorpSecret: secrets !== null && secrets.corpSecret.reveal() !== '',
      clients: this.connected.countOf(id),
      fault: faultOf(bot),
      circuit: isUsable && this.circuits.isFailing(endpoint.href) ? 'open' : 'closed',
      createdAt: toIso(createdAtMs),
      lastTakenAt: toTime(taken && taken.atMs),
      lastFailure: toFailureAnswer(failure),
      lastHour: toLastHourAnswer(lastHour),
      causes: (causes.get(id) ?? []).map(toCauseAnswer),
      accounts: statesOf(views.get(id) ?? []),
    };
  }
}

function toCallbackAnswer(bot: KnownBot): BotCallbackAnswer | null {
  if (!('callback' in bot)) return null;
  const { endpoint, callback } = bot;
  const of = bot.kind === 'callback' ? bot : null;
  return {
    ...knownFieldsOf(BotCallbackFieldsDto, callback),
    url: 'must' in endpoint ? '' : shownUrl(endpoint),
    form: of?.callback.form ?? 'wecom',
    headers: Object.keys(of?.secrets?.headers ?? {}),
  };
}

function faultOf({ secrets, kind, endpoint }: KnownBot): string | null {
  if (secrets === null)
    return 'its secrets cannot be opened; add their key to SECRETS_KEY, or delete the bot and add it again';
  return (kind === 'callback' || kind === 'agent') && 'must' in endpoint
    ? `its url must ${endpoint.must}`
    : null;
}
