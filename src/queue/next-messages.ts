import { accountKey, type Addressee } from '../kernel/account.js';
import { newSizedLru } from '../kernel/lru.js';
import type { Bot } from '../registry/bots/bot.js';
import type { LeasedLine } from './lines.js';
import { isDue, type Message, type MessageHead, webhookIdOf } from './message.js';
import { type MessageRows, waitingOf } from './message-rows.js';
import { isHeld, mergeMsOf } from './quick-texts.js';

/** The bot, as far as it decides which message goes next. */
export type OrderingBot = Pick<Bot, 'order'> & Partial<Pick<Bot, 'session'>>;

/**
 * How many messages of an account are read at once, and how many characters they may have together: contents may be
 * long.
 */
const AHEAD_MAX = 8;
const AHEAD_CHARS_MAX = 65_536;
/** Of how many accounts, with as many characters each; of more where they have less. */
const AHEAD_ACCOUNTS_MAX = 250;
/** What a message takes beside its content. */
const HEAD_CHARS = 1_000;
/** How many customers' first messages a probe is chosen from. */
const PROBES_MAX = 100;
/** How many customers' texts a message may pass while they are held. */
const PASSED_MAX = 100;

/** Messages that one turn has read ahead. */
interface Ahead {
  readonly leaseId: string;
  readonly messages: readonly [Message, ...Message[]];
}

/** Finds which message of an account goes next, still sealed. */
export class NextMessages {
  /** The first messages of accounts whose turn this process has: most of them are sent one after the other. */
  readonly #ahead = newSizedLru<Ahead>(AHEAD_ACCOUNTS_MAX * AHEAD_CHARS_MAX, charsOf);

  /** @param isAlone whether only this process changes messages. Another one may drop what was read ahead, or put one back before it. */
  constructor(
    private readonly rows: MessageRows,
    private readonly isAlone: boolean,
  ) {}

  /**
   * The first due message in a row. With the order `account` it is the first one, if that is due; where texts are held it is the
   * first one that is not held. With `customer`, it is the first due one of the first messages of all lanes.
   * @param isEarly also one that is not due.
   */
  async find(turn: LeasedLine, bot: OrderingBot, nowMs: number, isEarly: boolean): Promise<Message | null> {
    const dueByMs = isEarly ? undefined : nowMs;
    if (bot.order === 'customer') return this.rows.findFirstOfLanes(turn, { dueByMs });
    const isPast = !isEarly && mergeMsOf(bot) > 0;
    const next = isPast ? (await this.#pastHeld(turn, nowMs)).next : await this.#first(turn);
    if (next === null || (!isEarly && !isDue(next, nowMs))) return null;
    return isWhole(next) ? next : this.rows.findWaiting(webhookIdOf(next));
  }

  /** The first due message of a customer who has none under way. @param without the lanes of those that have. */
  findBeside(turn: LeasedLine, without: ReadonlySet<string>, nowMs: number): Promise<Message | null> {
    return this.rows.findFirstOfLanes(turn, { dueByMs: nowMs, without });
  }

  /**
   * As `findBeside`, due or not: the one that was tried the least, so that one that fails each time does not fail each probe.
   */
  async findProbeBeside(turn: LeasedLine, without: ReadonlySet<string>): Promise<Message | null> {
    const firsts = await this.rows.listFirstsOfLanes(turn, 'seq', PROBES_MAX + without.size);
    const others = firsts.filter(({ lane }) => !without.has(lane));
    const [least] = others.toSorted((a, b) => a.attempts - b.attempts);
    return least === undefined ? null : this.rows.findWaiting(webhookIdOf(least));
  }

  /** When `find` will find a message; `null` where none waits. */
  async dueAtMs(turn: LeasedLine, bot: OrderingBot, nowMs: number): Promise<number | null> {
    if (bot.order === 'account' && mergeMsOf(bot) > 0) return (await this.#pastHeld(turn, nowMs)).dueAtMs;
    const [first = null] =
      bot.order === 'account'
        ? await this.rows.listHeads(waitingOf(turn), 1)
        : await this.rows.listFirstsOfLanes(turn, 'dueAtMs', 1);
    return first?.dueAtMs ?? null;
  }

  /** Messages of the account are changed: what was read ahead of them does not count. */
  changed(account: Addressee): void {
    this.#ahead.delete(accountKey(account));
  }

  /** The message waits no more. The others are still as they were read. */
  gone(message: Addressee & Pick<Message, 'msgid'>): void {
    const key = accountKey(message);
    const { leaseId = '', messages = [] } = this.#ahead.get(key) ?? {};
    const [first, ...others] = messages.filter(({ msgid }) => msgid !== message.msgid);
    if (first !== undefined) this.#ahead.set(key, { leaseId, messages: [first, ...others] });
    else this.#ahead.delete(key);
  }

  /** The first waiting message of the account, due or not. */
  async #first(turn: LeasedLine): Promise<Message | null> {
    if (!this.isAlone) return (await this.rows.listNext(turn, 1))[0] ?? null;
    const key = accountKey(turn);
    const known = this.#ahead.get(key);
    // If they were all woken meanwhile, the turn ends and the account is due at once.
    if (known?.leaseId === turn.lease.id) return known.messages[0];
    const [first, ...others] = await this.rows.listNext(turn, AHEAD_MAX);
    if (first === undefined) return null;
    this.#ahead.set(key, { leaseId: turn.lease.id, messages: shortened(first, others) });
    return first;
  }

  /**
   * The first waiting message that is not held, and when it or one before it is due. Behind a text that is held, its
   * customer has only others that are.
   */
  async #pastHeld(
    turn: LeasedLine,
    nowMs: number,
  ): Promise<{ readonly next: Message | MessageHead | null; readonly dueAtMs: number | null }> {
    const first = await this.#first(turn);
    // Mostly nothing is held.
    if (first === null || !isHeld(first, nowMs)) return { next: first, dueAtMs: first?.dueAtMs ?? null };
    const firsts = await this.rows.listFirstsOfLanes(turn, 'seq', PASSED_MAX);
    const n = firsts.findIndex((message) => !isHeld(message, nowMs));
    const passed = n < 0 ? firsts : firsts.slice(0, n + 1);
    const dueAtMs = passed.length === 0 ? null : Math.min(...passed.map((message) => message.dueAtMs ?? 0));
    return { next: firsts[n] ?? null, dueAtMs };
  }
}

function isWhole(message: Message | MessageHead): message is Message {
  return 'content' in message;
}

function charsOf({ messages }: Ahead): number {
  return messages.reduce((sum, { content }) => sum + HEAD_CHARS + content.reveal().length, 0);
}

/** The first message, and those behind it, as long as they are not too long together. */
function shortened(first: Message, others: readonly Message[]): Ahead['messages'] {
  let chars = first.content.reveal().length;
  return [first, ...others.filter(({ content }) => (chars += content.reveal().length) <= AHEAD_CHARS_MAX)];
}
