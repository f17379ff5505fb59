import { Injectable } from '@nestjs/common';
import { isRefusal } from '../../dispatch/endpoint/attempt.js';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { WakeUp } from '../../dispatch/outbox/hint-queue.js';
import { type Addressee, accountKey } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { Places } from '../../kernel/places.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Occasion } from '../../storage/queue/line.js';
import { isExpired, type Message } from '../../storage/queue/message.js';
import { MessageStore, type Turn } from '../queue/message-store.js';
import { mergeMsOf } from '../queue/quick-texts.js';
import { LongWaits } from './long-waits.js';
import { MessageAttempts } from './message-attempts.js';
import { MessageOutcomes } from './message-outcomes.js';
import { messageFormFor, toRecipient } from './taker-form.js';
import { type ReadyTaker, Takers } from './takers.js';

/** How often an account at work is looked at again: another replica may have pulled messages of it, or a refused one is due again. */
const LOOK_AGAIN_MS = 250;
/** With so many accounts of a bot at work, one begins nothing more after this time, so that others have their turn. */
const TURN_MS = 1_000;
const TURNS_MAX = 16;

/** What a turn knows of itself. */
interface Lanes {
  readonly turn: Turn;
  readonly taker: ReadyTaker;
  readonly startedMs: number;
  /** The lanes of messages under way. */
  readonly underWay: Set<string>;
  /** Something ended, or came in. */
  readonly wake: WakeUp;
  /** No further message begins: the bot is away, or an outcome could not be stored. */
  isEnding: boolean;
  error: unknown;
}

/**
 * Sends an account's messages to a bot that may take long for each: those of a customer one after the other, those of different
 * customers at the same time. A bot is given so many at a time as its settings say; its accounts take turns.
 */
@Injectable()
export class CustomerLanes {
  /** By bot. */
  readonly #places = new Places();
  /** Turns under way, by bot. */
  readonly #turns = new Map<string, number>();
  /** Of turns under way, by account. */
  readonly #wakes = new Map<string, WakeUp>();

  constructor(
    private readonly store: MessageStore,
    private readonly takers: Takers,
    private readonly botEndpoints: BotEndpoints,
    private readonly outcomes: MessageOutcomes,
    private readonly attempts: MessageAttempts,
    private readonly waits: LongWaits,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /** Messages of the account were pulled here. A turn of it looks at once, while others of its customers wait for their answers. */
  cameIn(account: Addressee): void {
    this.#wakes.get(accountKey(account))?.wakeUp();
  }

  /** Resolves when the turn is over and released. @throws AppError `STORE_UNAVAILABLE`; the lease then lapses. */
  async sendAll(turn: Turn, taker: ReadyTaker, occasion: Occasion): Promise<void> {
    const { id } = taker.bot;
    const lanes: Lanes = {
      ...{ turn, taker, startedMs: this.clock.elapsedMs(), underWay: new Set(), wake: new WakeUp() },
      ...{ isEnding: false, error: null },
    };
    let isInDoubt = turn.isInDoubt;
    const account = accountKey(turn);
    this.#turns.set(id, this.#turnsOf(id) + 1);
    this.#wakes.set(account, lanes.wake);
    try {
      isInDoubt = !(await this.#sendWhileDue(lanes, occasion)) && turn.isInDoubt;
    } finally {
      const left = this.#turnsOf(id) - 1;
      if (left > 0) this.#turns.set(id, left);
      else this.#turns.delete(id);
      if (this.#wakes.get(account) === lanes.wake) this.#wakes.delete(account);
    }
    if (lanes.error !== null) throw lanes.error;
    await this.store.release(
      { ...turn, isInDoubt },
      taker.endpoint.href,
      'customer',
      this.storeClock.nowMs(),
    );
  }

  /** @returns whether every message that was due was sent. If not, an earlier process may have sent those that are left. */
  async #sendWhileDue(lanes: Lanes, occasion: Occasion): Promise<boolean> {
    let isProbe = occasion === 'probe';
    for (;;) {
      lanes.wake.looking();
      const begun = this.#mayBegin(lanes, isProbe) ? await this.#beginNext(lanes, isProbe) : 'not now';
      if (begun === 'begun') isProbe = false;
      else if (lanes.underWay.size === 0) return begun === 'nothing due' && !lanes.isEnding;
      else await lanes.wake.pause(LOOK_AGAIN_MS, this.clock);
    }
  }

  /** @returns `begun` where a message is under way now, or is dead, that was not before. */
  async #beginNext(lanes: Lanes, isProbe: boolean): Promise<'begun' | 'nothing due' | 'not now'> {
    try {
      const { id, agent } = lanes.taker.bot;
      const max = agent?.concurrency ?? 1;
      // Only a message waits for a place.
      if (this.#places.areTaken(id, max) && (await this.#next(lanes, isProbe)) === null) return 'nothing due';
      const free = await this.#places.take(id, max);
      // Much may have happened until there was a place.
      const mayBegin = this.#mayBegin(lanes, isProbe);
      const message = mayBegin ? await this.#next(lanes, isProbe).catch(rethrowing(free)) : null;
      if (message === null) return (free(), mayBegin ? 'nothing due' : 'not now');
      lanes.underWay.add(message.lane);
      void this.#send(lanes, message, isProbe ? 'probe' : 'due')
        .catch((error: unknown) => {
          lanes.isEnding = true;
          lanes.error ??= error;
        })
        .finally(() => {
          lanes.underWay.delete(message.lane);
          free();
          lanes.wake.wakeUp();
        });
      return 'begun';
    } catch (error) {
      lanes.isEnding = true;
      lanes.error ??= error;
      return 'not now';
    }
  }

  #next({ turn, underWay }: Lanes, isProbe: boolean): Promise<Message | null> {
    return this.store.nextBeside(turn, underWay, this.storeClock.nowMs(), isProbe);
  }

  #mayBegin({ turn, taker, startedMs, isEnding }: Lanes, isProbe: boolean): boolean {
    if (isEnding || this.attempts.isStopping || !this.takers.isStill(taker, turn)) return false;
    if (!isProbe && this.botEndpoints.circuits.isOpen(taker.endpoint.href)) return false;
    return this.#turnsOf(taker.bot.id) < TURNS_MAX || this.clock.elapsedMs() - startedMs < TURN_MS;
  }

  async #send(lanes: Lanes, first: Message, occasion: Occasion): Promise<void> {
    const { turn, taker } = lanes;
    const message = await this.#joined(turn, taker, first);
    if (isExpired(message, this.storeClock.nowMs())) return this.outcomes.expire(turn, message);
    this.waits.begin(turn, taker.bot, message);
    const attempt = message.attempts + 1;
    const form = messageFormFor(taker, message, async () => false);
    const botEndpoint = this.botEndpoints.ofMessage(toRecipient(taker), taker.endpoint, form);
    const { result, durationMs } = await this.attempts.make(message, attempt, botEndpoint);
    this.outcomes.attempted(message, taker.bot.id, attempt, occasion, durationMs, result);
    if (result.taken) {
      this.waits.end(message);
      return this.outcomes.taken(message);
    }
    // After a refusal, messages of other customers need not wait. If the bot is away, they would fail as well.
    if (!isRefusal(result)) lanes.isEnding = true;
    await this.outcomes.notTaken(turn, message, attempt, result);
  }

  /** What goes in place of a text: see `quick-texts.ts`. One that may have been sent already goes alone. */
  #joined(turn: Turn, { bot }: ReadyTaker, first: Message): Promise<Message> | Message {
    const mergeMs = mergeMsOf(bot);
    if (mergeMs === 0 || first.type !== 'text') return first;
    const isNew = first.attempts === 0 && !turn.isInDoubt;
    return this.store.join(turn, first, isNew ? mergeMs : null, this.storeClock.nowMs());
  }

  #turnsOf(botId: string): number {
    return this.#turns.get(botId) ?? 0;
  }
}

function rethrowing(before: () => void): (error: unknown) => never {
  return (error) => {
    before();
    throw error;
  };
}
