import { Injectable } from '@nestjs/common';
import { Deliveries, type RecordedAttempt } from '../dispatch/endpoint/deliveries.js';
import { hasSeenNothing } from '../dispatch/later/sender.js';
import { Destinations } from '../registry/accounts/destination.js';
import type { OwnPull } from '../wecom/proxy/queued-messages.js';
import { Coverage } from './pulling/coverage.js';
import { Pulls } from './queue/pulls.js';
import { type Addressee, accountKey } from '../kernel/account.js';

/**
 * Knows how far programs are that pull by themselves. A pull counts once its program has taken the event that it was
 * told of. Until then the pull is known in memory alone: if this process is killed meanwhile, the program gets the
 * messages once more. Where another replica sent the event, this process does not know that the program is at work:
 * the pull counts at once.
 */
@Injectable()
export class OwnPulls {
  /** Pulls of programs that are at work on an event, one for each app, by account. */
  readonly #pending = new Map<string, readonly OwnPull[]>();

  constructor(
    private readonly pulls: Pulls,
    private readonly coverage: Coverage,
    private readonly deliveries: Deliveries,
    private readonly destinations: Destinations,
  ) {}

  /** See `QueuedMessages.findCursor`. @throws AppError `STORE_UNAVAILABLE` */
  async findCursor(account: Addressee, appId: string): Promise<string> {
    const pending = this.#pending.get(accountKey(account))?.find((pull) => pull.appId === appId);
    if (pending !== undefined) return pending.cursor;
    await this.coverage.whenWritten(account);
    return this.pulls.findCursor(account, appId);
  }

  /** The program has been sent all of the answer. */
  sent(account: Addressee, pull: OwnPull): void {
    if (!this.#isOfRecipient(account, pull)) return;
    const key = accountKey(account);
    const pending = this.#pending.get(key) ?? [];
    const before = pending.find(({ appId }) => appId === pull.appId);
    // `''` begins anew and skips no message, so it counts at once.
    if (pull.cursor === '' || !this.deliveries.isAtWork(account)) {
      this.#setPending(
        key,
        pending.filter((one) => one !== before),
      );
      return this.coverage.moved(account, pull);
    }
    // Several pages of one event count together.
    const all = before === undefined ? pull : { ...pull, from: before.from, beganAtMs: before.beganAtMs };
    this.#pending.set(key, [...pending.filter((one) => one !== before), all]);
  }

  /** The program has read nothing of the answer that `sent` was called for. */
  unread(account: Addressee, pull: OwnPull): void {
    const key = accountKey(account);
    const pending = this.#pending.get(key) ?? [];
    const others = pending.filter(({ appId }) => appId !== pull.appId);
    if (others.length === pending.length) this.coverage.unread(account, pull);
    else this.#setPending(key, others);
  }

  /** A recipient that pulls by itself was told of an event. */
  told({ result, atMs, durationMs, ...account }: RecordedAttempt): void {
    if (this.#pending.size === 0) return;
    const key = accountKey(account);
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    const wasTold = result.taken || !hasSeenNothing(result.stage);
    const toldAtMs = Math.floor(atMs - durationMs);
    const isLast = !this.deliveries.isAtWork(account);
    const isEnded = ({ beganAtMs }: OwnPull) => isLast || (wasTold && beganAtMs >= toldAtMs);
    this.#setPending(
      key,
      pending.filter((pull) => !isEnded(pull)),
    );
    if (wasTold && !result.taken) return;
    for (const pull of pending)
      if (isEnded(pull) && this.#isOfRecipient(account, pull)) this.coverage.moved(account, pull);
  }

  #setPending(key: string, pulls: readonly OwnPull[]): void {
    if (pulls.length > 0) this.#pending.set(key, pulls);
    else this.#pending.delete(key);
  }

  /** A bot that has lost the account meanwhile moves no cursor: the bot that has the account now has its own. */
  #isOfRecipient(account: Addressee, { takerId }: OwnPull): boolean {
    const { bot, puppet, isPulled } = this.destinations.find(account);
    return !isPulled && (bot?.id ?? puppet?.botId) === takerId;
  }
}
