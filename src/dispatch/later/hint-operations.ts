import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import type { Requester } from '../../kernel/role.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { type HintHead, toDropped, toReplayed } from '../../queue/event.js';
import { HintKeeper } from './hint-keeper.js';
import { EventQueue } from '../../queue/event-queue.js';
import { WaitingHints } from './waiting-hints.js';
import { LINE_STATES, lineKey } from '../../storage/queue/line.js';
import type { LineFilter } from '../../storage/queue/queue-store.js';
import { HintLog } from './hint-log.js';
import { ReplayOfAll } from './replay-of-all.js';

const PAGE_SIZE = 200;
/** Corps that have an account of the same id. */
const OF_ACCOUNT_MAX = 1_000;

/** Names a hint by its account, and by corp too if hints of several corps were kept for it. */
export interface HintName {
  readonly openKfId: string;
  readonly corpId: string | null;
}

/** Which dead hints are replayed. */
export type DeadHints = Omit<LineFilter, 'states'>;

/** What operators can do with waiting and dead hints. Each action is logged with who asked for it. */
@Injectable()
export class HintOperations {
  readonly #replays: ReplayOfAll<HintHead>;

  constructor(
    private readonly queue: EventQueue,
    private readonly keeper: HintKeeper,
    private readonly destinations: Destinations,
    private readonly waiting: WaitingHints,
    private readonly storeClock: StoreClock,
    private readonly lifecycle: Lifecycle,
    private readonly log: HintLog,
  ) {
    this.#replays = new ReplayOfAll(lifecycle, 'HINTS_REPLAY_UNDER_WAY');
  }

  /**
   * Makes the hint due at once. An endpoint with an open circuit gets it as its next probe, or after that.
   * @throws AppError `HINT_NOT_FOUND`, `HINT_UNDELIVERABLE`, `REQUEST_INVALID`, `STORE_UNAVAILABLE`; all is as it was.
   */
  async replay(name: HintName, by: Requester): Promise<void> {
    const hint = await this.#get(name);
    const known = this.destinations.find(hint);
    const { endpoint, fault } = known.isUnknown ? await this.destinations.lookUp(hint) : known;
    if (endpoint === null) throw new AppError('HINT_UNDELIVERABLE', fault === '' ? {} : { detail: fault });
    if (!(await this.#replayAt(hint, endpoint.href))) throw new AppError('HINT_NOT_FOUND');
    this.log.replayed(hint, by);
  }

  /**
   * Replays all dead hints that are meant. Hints without a puppet stay dead until they have one. Ends early when the
   * process does.
   * @returns how many were made due.
   * @throws AppError `HINTS_REPLAY_UNDER_WAY`; `STORE_UNAVAILABLE`: some may be due by then, and it can be repeated.
   */
  replayDead(which: DeadHints, by: Requester): Promise<number> {
    return this.#replays.run(
      this.#pagesOfDead(which),
      async (hint) => {
        const { endpoint } = this.destinations.find(hint);
        return endpoint !== null && (await this.#replayAt(hint, endpoint.href));
      },
      (replayed, left) => this.log.allReplayed(which.corpId, replayed, left, by),
    );
  }

  /**
   * How many of these dead hints have a bot that they would be sent to. Ends early when the process does.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async countDead(which: DeadHints): Promise<number> {
    let count = 0;
    for await (const hints of this.#pagesOfDead(which)) {
      count += hints.filter((hint) => this.destinations.find(hint).endpoint !== null).length;
      if (this.lifecycle.isDraining) break;
      await nextTurn();
    }
    return count;
  }

  /**
   * Discards the hint: its puppet does not get this event, and pulls its messages with the account's next one.
   * @param generation of the hint that the operator looked at; `null` to drop any.
   * @throws AppError `HINT_NOT_FOUND`; `HINT_CHANGED` when the hint has changed since, and stays; `REQUEST_INVALID`,
   *   `STORE_UNAVAILABLE`
   */
  async drop(name: HintName, generation: string | null, by: Requester): Promise<void> {
    const hint = await this.#get(name);
    if (generation !== null && hint.generation !== generation) throw new AppError('HINT_CHANGED');
    const { after } = await this.queue.change(hint, (now) => toDropped(now, hint.generation));
    if (after !== null) throw new AppError('HINT_CHANGED');
    this.#forget(hint);
    this.log.dropped(hint, by, this.storeClock.nowMs());
  }

  async *#pagesOfDead(which: DeadHints): AsyncGenerator<readonly HintHead[]> {
    for (let cursor: string | null = null; ;) {
      const page = await this.queue.list({ ...which, states: ['dead'] }, cursor, PAGE_SIZE);
      yield page.hints;
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  /** @returns false when the account has no hint. */
  async #replayAt(hint: HintHead, endpoint: string): Promise<boolean> {
    const nowMs = this.storeClock.nowMs();
    const { before } = await this.queue.change(hint, (now) => toReplayed(now, endpoint, nowMs));
    if (before === null) return false;
    this.log.renamed(before, nowMs);
    this.#forget(hint);
    this.waiting.kept.added.wakeUp();
    return true;
  }

  /** This process may have kept the hint itself. */
  #forget(hint: HintHead): void {
    this.keeper.forget(hint);
  }

  async #get({ openKfId, corpId }: HintName): Promise<HintHead> {
    const which = corpId === null ? { openKfId } : { keys: [lineKey('event', { corpId, openKfId })] };
    const filter = { states: LINE_STATES, corpId: null, ...which };
    const { hints } = await this.queue.list(filter, null, OF_ACCOUNT_MAX);
    const [hint] = hints;
    if (hint === undefined) throw new AppError('HINT_NOT_FOUND');
    if (hints.length === 1) return hint;
    const corps = hints.map((one) => one.corpId).sort();
    throw new AppError('REQUEST_INVALID', {
      detail: `corpId must name one of the account's corps: ${corps.join(', ')}`,
    });
  }
}
