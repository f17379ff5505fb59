import { Injectable } from '@nestjs/common';
import { toFailure } from '../../dispatch/outbox/hint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Message } from '../message.js';
import { MessageStore, type Turn } from '../message-store.js';
import { MessageOutcomes } from './message-outcomes.js';
import { PulledHalves } from './pulled-halves.js';

/** How long a bot has to pull what it was told of, and to answer. */
const HALVES_MS = 60_000;
/** How long the turn of an account waits for a bot that pulls after it has answered. Then others have their turn. */
const WAIT_MS = 1_000;
/** While the pull may reach another process, the store is asked again after this time, and then less and less often. */
const ASK_FIRST_MS = 20;

/**
 * A message under way to a callback bot, which is told of it by a callback and pulls it. It is taken when both are done, in
 * either order; which process the pull reaches does not matter.
 */
@Injectable()
export class CallbackHalves {
  constructor(
    private readonly store: MessageStore,
    private readonly pulled: PulledHalves,
    private readonly outcomes: MessageOutcomes,
    private readonly storeClock: StoreClock,
  ) {}

  /** @returns false when the account's turn is not held any more. */
  async begin(turn: Turn, message: Message, attempt: number): Promise<boolean> {
    const untilMs = this.storeClock.nowMs() + HALVES_MS;
    const { msgid } = message;
    return this.store.begin(turn, { msgid, attempt, isAnswered: false, isPulled: false, untilMs });
  }

  /**
   * The bot answered its callback well. If it does not pull soon, the message is due again when its time is over, unless it
   * is pulled by then.
   * @returns whether it is taken.
   */
  async answered(turn: Turn, message: Message, attempt: number): Promise<boolean> {
    const { msgid } = message;
    const noted = await this.store.note(turn, { msgid, attempt }, 'answered', this.storeClock.nowMs());
    if (noted !== 'half') return noted === 'taken';
    if (await this.#isPulledSoon(turn, msgid, attempt)) return true;
    const nowMs = this.storeClock.nowMs();
    const reason =
      'the bot answered the callback and did not pull its message by the manager; compare its base of the API with its URL here';
    const failure = toFailure(nowMs, 'unpulled', reason);
    await this.outcomes.putOff(turn, message, nowMs + HALVES_MS, attempt, failure);
    this.outcomes.unpulled(message, attempt, reason);
    return false;
  }

  async #isPulledSoon(turn: Turn, msgid: string, attempt: number): Promise<boolean> {
    const isUnderWay = async (): Promise<boolean> => {
      const found = await this.store.findUnderWay(turn);
      return found?.underWay.msgid === msgid && found.underWay.attempt === attempt;
    };
    if (!this.store.isShared) {
      await this.pulled.whenPulled(turn, WAIT_MS);
      return !(await isUnderWay());
    }
    for (let waitedMs = 0, pauseMs = ASK_FIRST_MS; waitedMs < WAIT_MS; waitedMs += pauseMs, pauseMs *= 2) {
      await this.pulled.whenPulled(turn, pauseMs);
      if (!(await isUnderWay())) return true;
    }
    return false;
  }
}
