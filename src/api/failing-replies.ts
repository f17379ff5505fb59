import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Recent } from '../kernel/recent.js';
import { OtherReplicas } from '../stream/replicas/other-replicas.js';
import type { CallTrouble } from '../wecom/call-outcomes.js';
import { ASKED_AT_ONCE, FIGURES, NOTHING, repliesTogether } from './all-figures.js';
import {
  type AccountKey,
  FAILING_MAX,
  OwnFigures,
  readToldFigures,
  type AccountReplies,
  toKeys,
} from './own-figures.js';

/** Every open console asks for the status again after some seconds. */
const AGE_MS_MAX = 2_000;
/** The first view of the console waits for it. What comes later is told with the next one. */
const WAIT_MS = 50;
/** What others told before says something for so long, while they are slow. */
const STALE_MS = 10_000;

/** What others have seen of the accounts that fail here or there, by `openKfId`. */
type SeenByOthers = ReadonlyMap<
  string,
  { readonly corpId: string; readonly seen: readonly AccountReplies[] }
>;

/**
 * Accounts whose replies fail, as all replicas see it: a reply that went out later through another one ends it. Their own
 * pages say the same.
 */
@Injectable()
export class FailingReplies {
  readonly #asked: Recent<SeenByOthers>;
  #told: { readonly seen: SeenByOthers; readonly atMs: number } = { seen: new Map(), atMs: 0 };

  constructor(
    private readonly own: OwnFigures,
    private readonly others: OtherReplicas,
    private readonly clock: Clock,
  ) {
    this.#asked = new Recent(clock, () => this.#ask());
  }

  async list(): Promise<readonly CallTrouble[]> {
    const seenByOthers = await this.#seenByOthers();
    const seenHereAlone = this.own.failing.filter(({ openKfId }) => !seenByOthers.has(openKfId ?? ''));
    const seenByMore = [...seenByOthers].flatMap(([openKfId, { corpId, seen }]): CallTrouble[] => {
      const { replyFailure } = repliesTogether([this.own.repliesOf(openKfId), ...seen]);
      if (replyFailure === null) return [];
      const { why, sinceMs } = replyFailure;
      return [{ corpId: corpId === '' ? null : corpId, openKfId, operation: 'call', why, sinceMs }];
    });
    return [...seenHereAlone, ...seenByMore];
  }

  async #seenByOthers(): Promise<SeenByOthers> {
    const asked = this.#asked.latest(AGE_MS_MAX);
    if (await this.clock.within(WAIT_MS, asked)) return asked;
    return this.clock.elapsedMs() - this.#told.atMs < STALE_MS ? this.#told.seen : new Map();
  }

  async #ask(): Promise<SeenByOthers> {
    const asked = { ...NOTHING, isFailing: true };
    const { answers } = await this.others.ask(`/${FIGURES}`, asked, (told) => readToldFigures(told, asked));
    const seen =
      answers.length === 0 ? new Map() : await this.#askOf(answers.flatMap(({ failing }) => failing ?? []));
    this.#told = { seen, atMs: this.clock.elapsedMs() };
    return seen;
  }

  async #askOf(failingThere: readonly AccountKey[]): Promise<SeenByOthers> {
    const byId = new Map([...failingThere, ...toKeys(this.own.failing)].map((key) => [key.openKfId, key]));
    const keys = [...byId.values()].slice(0, FAILING_MAX);
    const seenByOthers = new Map<string, { corpId: string; seen: AccountReplies[] }>();
    for (let at = 0; at < keys.length; at += ASKED_AT_ONCE) {
      const accounts = keys.slice(at, at + ASKED_AT_ONCE);
      const asked = { ...NOTHING, accounts };
      const { answers } = await this.others.ask(`/${FIGURES}`, asked, (told) => readToldFigures(told, asked));
      for (const [n, { openKfId, corpId }] of accounts.entries()) {
        const seen = answers.flatMap((told) => told.accounts[n] ?? []);
        seenByOthers.set(openKfId, { corpId, seen });
      }
    }
    return seenByOthers;
  }
}
