import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';
import {
  type Book,
  claimed,
  type Notice,
  dueOf,
  GONE_MS,
  isEmpty,
  noteFailed,
  noteSeen,
  noteTold,
} from './book.js';
import { BookKeeper } from './book-keeper.js';
import { toRobotBody, toWebhookBody } from './message.js';
import { NotificationClient } from './notification-client.js';
import { notificationsConfig } from './notifications.config.js';
import type { Receiver } from './receivers.js';
import type { Sight } from './trouble.js';

/** Tells a receiver what began and what is over. It is told once for all replicas: the one that claims the book first tells. */
@Injectable()
export class Notifier {
  /** Store time of the first look; `null` before. */
  #sinceMs: number | null = null;

  constructor(
    private readonly keeper: BookKeeper,
    private readonly client: NotificationClient,
    @Inject(notificationsConfig.KEY) private readonly config: ConfigType<typeof notificationsConfig>,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Notes what this replica sees. @returns what it has to tell now; `null` when there is nothing, or another replica tells it. */
  async note({ id }: Receiver, sight: Sight): Promise<Notice | null> {
    const nowMs = this.storeClock.nowMs();
    this.#sinceMs ??= nowMs;
    let claimedDue: Notice | null = null;
    await this.keeper.change(id, (before, mayTell) => {
      const seen = noteSeen(before, sight, nowMs);
      const due = this.#dueOf(seen, nowMs);
      const claim = mayTell && !isEmpty(due) ? claimed(seen, nowMs) : null;
      claimedDue = claim === null ? null : due;
      return claim ?? seen;
    });
    return claimedDue;
  }

  /** A message that fails is due again later. */
  async tell(receiver: Receiver, due: Notice): Promise<void> {
    const { id, kind } = receiver;
    const nowMs = this.storeClock.nowMs();
    const { timeZone, consoleUrl } = this.config;
    const body =
      kind === 'robot'
        ? toRobotBody(due, timeZone, nowMs, consoleUrl)
        : toWebhookBody(due, nowMs, consoleUrl);
    const { fault } = await this.client.send(receiver, body);
    const counts = { receiver: id, kind, begun: due.begun.length, over: due.over.length };
    if (fault === null) this.log.info(counts, 'notification.sent');
    else this.log.warn({ ...counts, reason: fault }, 'notification.failed');
    const endMs = this.storeClock.nowMs();
    await this.keeper.change(id, (book) =>
      fault === null ? noteTold(book, due, endMs) : noteFailed(book, fault, endMs),
    );
  }

  #dueOf(book: Book, nowMs: number): Notice {
    const { afterS, quietHours, timeZone } = this.config;
    const due = dueOf(book, afterS * 1_000, quietHours?.has(nowMs, timeZone) ?? false, nowMs);
    // A replica that has just started does not yet see all that fails.
    const isNew = nowMs - (this.#sinceMs ?? nowMs) < Math.max(afterS * 1_000, GONE_MS);
    return isNew ? { ...due, over: [] } : due;
  }
}
