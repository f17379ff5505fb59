import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { Destinations } from '../registry/accounts/destination.js';
import type { OpenBot } from '../registry/bots/known-bots.js';
import type { SessionSettings } from '../registry/bots/session.dto.js';
import { People } from '../wecom/calls/people.js';
import { HandOvers, textsOf } from './hand-overs.js';
import { beginningHandOver, isUnsure, withAnswer, withHandOver } from './machine.js';
import { type ServiceCall, ServiceCalls } from './service-calls.js';
import { SessionMetrics } from './session-metrics.js';
import { SessionStore } from './session-store.js';
import { SessionTexts } from './session-texts.js';
import { isSharing } from './text-sender.js';
import type { HandOverAnswer, HandOverDto } from './sessions.dto.js';
import { holderOf, type Session } from './session.js';

type AskingBot = Pick<OpenBot, 'id' | 'corpId'>;

/** It may be done later. */
const PASSING: readonly string[] = ['WECOM_UNREACHABLE', 'STORE_UNAVAILABLE'];

/** Hands customers over because their bot asks for it. */
@Injectable()
export class BotHandOvers extends People {
  constructor(
    private readonly store: SessionStore,
    private readonly calls: ServiceCalls,
    private readonly handOvers: HandOvers,
    private readonly texts: SessionTexts,
    private readonly metrics: SessionMetrics,
    private readonly destinations: Destinations,
    private readonly storeClock: StoreClock,
  ) {
    super();
  }

  override async handOver(bot: OpenBot, openKfId: string, customer: string, cause: string): Promise<boolean> {
    try {
      await this.perform(bot, { openKfId, externalUserId: customer }, null, cause);
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || PASSING.includes(error.code)) throw error;
      return false;
    }
  }

  /**
   * @param asking the bot that asks; `null` for none.
   * @param cause one cause is answered with one text.
   * @throws AppError `BOT_FORBIDDEN`, `REQUEST_INVALID`, `WECOM_REFUSED`, `WECOM_UNREACHABLE`, `STORE_UNAVAILABLE`
   */
  async perform(
    asking: AskingBot | null,
    { openKfId, externalUserId: customer, text }: HandOverDto,
    trace: TraceContext | null,
    cause: string = randomUUID(),
  ): Promise<HandOverAnswer['outcome']> {
    const { bot, settings, corpId } = this.#requireBot(asking, openKfId);
    const account = { corpId, openKfId };
    const asked = { account, customer, bot, trace };
    const known = await this.#known(asked);
    if (holderOf(known) === 'pool' || holderOf(known) === 'people') {
      this.metrics.handedOver('already');
      return 'already';
    }
    const entry = { id: cause, sentAtMs: this.storeClock.nowMs() };
    await this.store.change(account, customer, beginningHandOver);
    const outcome = await this.handOvers.perform(asked, settings);
    const texts = { ...textsOf(settings), ...(text !== undefined && { waiting: { text } }) };
    const after = await this.store.change(account, customer, (session) =>
      withHandOver(session, entry, outcome, texts, this.storeClock.nowMs()),
    );
    this.texts.wake(after);
    if ('errcode' in outcome && outcome.errcode !== null) throw refusedWith(outcome.errcode);
    if (outcome.kind === 'failed') throw new AppError('WECOM_UNREACHABLE');
    return outcome.kind;
  }

  #requireBot(
    asking: AskingBot | null,
    openKfId: string,
  ): { readonly bot: OpenBot; readonly settings: SessionSettings; readonly corpId: string } {
    if (asking === null) throw new AppError('BOT_FORBIDDEN', { detail: 'the key of a bot is needed' });
    const { bot } = this.destinations.find({ corpId: asking.corpId, openKfId });
    if (bot?.id !== asking.id)
      throw new AppError('BOT_FORBIDDEN', { detail: 'openKfId must be an account of the bot' });
    if (!isSharing(bot)) {
      const detail = 'the bot must have a session; an operator sets it with PATCH /api/v1/bots/{id}';
      throw new AppError('REQUEST_INVALID', { detail });
    }
    return { bot, settings: bot.session ?? {}, corpId: bot.corpId };
  }

  /** The session with its state: WeCom is asked where that is not known. */
  async #known(asked: ServiceCall): Promise<Session> {
    const { account, customer } = asked;
    const session = await this.store.change(account, customer, (before) => before);
    if (!isUnsure(session, this.storeClock.nowMs())) return session;
    const askedAtMs = this.storeClock.nowMs();
    const known = await this.calls.state(asked);
    this.metrics.lookedUp(typeof known === 'number');
    if (known === null) throw new AppError('WECOM_UNREACHABLE');
    if (typeof known !== 'number') throw refusedWith(known.errcode);
    return this.store.change(account, customer, (before) =>
      withAnswer(before, known, askedAtMs, this.storeClock.nowMs()),
    );
  }
}

function refusedWith(errcode: number): AppError {
  return new AppError('WECOM_REFUSED', { detail: `errcode ${errcode}` });
}
