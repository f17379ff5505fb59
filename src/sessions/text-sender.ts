import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';
import { toWelcome } from '../log/delivery-record.js';
import { DeliveryRecorder } from '../log/delivery-recorder.js';
import { Destinations } from '../registry/accounts/destination.js';
import { isOpen } from '../registry/bots/bot.js';
import type { KnownBot, OpenBot } from '../registry/bots/known-bots.js';
import { ServiceCalls } from './service-calls.js';
import type { Session, SessionText } from './session.js';
import { SessionMetrics } from './session-metrics.js';

export type Customer = Pick<Session, 'corpId' | 'openKfId' | 'customer'>;

/** In place of an errcode: the bot of the account does not share its customers any more. */
const NOT_SENT = -2;

/** Sends one text of a session, and notes what WeCom answered: in metrics, in the log, and a welcome in the delivery log. */
@Injectable()
export class TextSender {
  constructor(
    private readonly calls: ServiceCalls,
    private readonly destinations: Destinations,
    private readonly metrics: SessionMetrics,
    private readonly recorder: DeliveryRecorder,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** @returns WeCom's errcode; `null` where it is to be sent again. */
  async send(customer: Customer, text: SessionText): Promise<number | null> {
    const { corpId, openKfId } = customer;
    const { bot } = this.destinations.find(customer);
    // The bots may not be loaded yet.
    if (bot === null) return null;
    if (!isSharing(bot)) return NOT_SENT;
    const asked = { account: { corpId, openKfId }, customer: customer.customer, bot, trace: null };
    const startedMs = this.clock.elapsedMs();
    const errcode = await this.calls.send(asked, text);
    this.metrics.text(text.kind, errcode);
    if (errcode !== null && text.kind === 'welcome') {
      const { webhookId } = text;
      const durationMs = this.clock.elapsedMs() - startedMs;
      const sent = { corpId, openKfId, webhookId, atMs: this.storeClock.nowMs(), durationMs };
      this.recorder.add(toWelcome(sent, errcode));
    }
    if (errcode !== null && errcode !== 0)
      this.log.info({ openKfId, corpId, bot: bot.id, kind: text.kind, errcode }, 'session.text_refused');
    return errcode;
  }
}

/** Whether the bot shares its customers with people, and this process can call WeCom for it. */
export function isSharing(bot: KnownBot): bot is OpenBot {
  return isOpen(bot) && bot.takes === 'message' && bot.session !== null;
}
