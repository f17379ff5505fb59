import { Injectable } from '@nestjs/common';
import { StoreClock } from '../kernel/store-clock.js';
import { listedIn } from '../registry/bots/bot.js';
import { pulls } from '../registry/bots/bot.js';
import type { KnownBot } from '../registry/bots/known-bots.js';
import { Destinations, type MessageDestination } from '../registry/accounts/destination.js';
import {
  MADE_CURSOR,
  type OwnPull,
  type QueuedAnswer,
  QueuedMessages,
} from '../wecom/proxy/queued-messages.js';
import { type Message, webhookIdOf } from '../queue/message.js';
import type { UnderWay } from '../queue/message-line.js';
import { OwnPulls } from './own-pulls.js';
import { CallbackHalves } from './sending/callback-halves.js';
import type { Addressee } from '../kernel/account.js';

/**
 * Answers a bot's `kf/sync_msg` without asking WeCom: a callback bot gets the message that it was told of, any other bot none.
 */
@Injectable()
export class QueuedAnswers extends QueuedMessages {
  constructor(
    private readonly halves: CallbackHalves,
    private readonly destinations: Destinations,
    private readonly storeClock: StoreClock,
    private readonly ownPulls: OwnPulls,
  ) {
    super();
  }

  override async answer(bot: KnownBot, openKfId: string | null, cursor: string): Promise<QueuedAnswer> {
    // Other bots are sent the message itself, and would get it twice.
    if (!pulls(bot)) return nothing(cursor);
    const accounts = (openKfId === null ? listedIn(bot) : [openKfId]).map((id) => ({
      corpId: bot.corpId,
      openKfId: id,
    }));
    for (const account of accounts) {
      const found = await this.halves.find(account);
      if (found === null || found.underWay.untilMs <= this.storeClock.nowMs()) continue;
      const own = cursorOf(found.message, found.underWay);
      // A program pulls until there is no more: in this attempt it has got its message already.
      if (own === cursor) return nothing(cursor);
      const { message, underWay } = found;
      let noted = Promise.resolve();
      return {
        body: ok(own, [JSON.parse(message.content.reveal())]),
        wasSent: () => (noted = this.halves.pulled(this.#recipientOf(message, bot), message, underWay)),
        wasUnread: () =>
          noted.then(() => this.halves.unread(this.#recipientOf(message, bot), message, underWay)),
      };
    }
    return nothing(cursor);
  }

  override findCursor(account: Addressee, appId: string): Promise<string> {
    return this.ownPulls.findCursor(account, appId);
  }

  override wasPulled(account: Addressee, pull: OwnPull): void {
    this.ownPulls.sent(account, pull);
  }

  override wasUnread(account: Addressee, pull: OwnPull): void {
    this.ownPulls.unread(account, pull);
  }

  #recipientOf(account: Addressee, bot: KnownBot): MessageDestination | null {
    const recipient = this.destinations.findForMessages(account);
    return recipient?.bot.id === bot.id ? recipient : null;
  }
}

/**
 * A new cursor for each attempt, so that a bot that is told of a message again gets it again. The number of the
 * attempt does not serve: two attempts have the same number if the process died that counted the first one.
 */
function cursorOf(message: Message, { untilMs }: UnderWay): string {
  return `${MADE_CURSOR}${untilMs.toString(36)}-${webhookIdOf(message)}`;
}

function nothing(cursor: string): QueuedAnswer {
  return { body: ok(cursor, []), wasSent: async () => {}, wasUnread: async () => {} };
}

function ok(cursor: string, messages: readonly unknown[]): QueuedAnswer['body'] {
  return { errcode: 0, errmsg: 'ok', next_cursor: cursor, has_more: 0, msg_list: messages };
}
