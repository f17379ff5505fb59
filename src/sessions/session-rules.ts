import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { SyncEntry } from '../kernel/wecom-format.js';
import { type JudgedEntry, type JudgedPage, PageRules } from '../messages/pulling/page-rules.js';
import type { SessionSettings } from '../registry/bots/session.dto.js';
import { customerOf, isServicerChange, type ReadEntry, readEntry, withoutWelcome } from './entry.js';
import { HandOvers, textsOf } from './hand-overs.js';
import {
  beginningHandOver,
  type HandOverOutcome,
  judgedAs,
  type Need,
  verdictOf,
  withEntry,
  withHandOver,
  withLookUp,
} from './machine.js';
import { type ServiceCall, ServiceCalls } from './service-calls.js';
import { SessionMetrics } from './session-metrics.js';
import { SessionStore } from './session-store.js';
import { SessionTexts } from './session-texts.js';
import type { Session, EntryVerdict } from './session.js';

/** How long WeCom may be asked for one page. A lost answer is worse than one beside a colleague's. */
const ASK_MS = 5_000;
const CUSTOMERS_AT_ONCE = 8;

/** A step that a session takes before the next entry is looked at: what WeCom has answered. */
type Prelude = (session: Session) => Session;
const NOTHING: Prelude = (session) => session;

/** Judges entries by the sessions of their customers, and has done what they cause. */
@Injectable()
export class SessionRules extends PageRules {
  constructor(
    private readonly store: SessionStore,
    private readonly calls: ServiceCalls,
    private readonly handOvers: HandOvers,
    private readonly texts: SessionTexts,
    private readonly metrics: SessionMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {
    super();
  }

  override async judge({ account, bot, entries, trace }: JudgedPage): Promise<readonly JudgedEntry[]> {
    const settings = bot.session ?? {};
    if (entries.some(isServicerChange)) this.calls.forgetServicers(account);
    const verdicts = new Map<SyncEntry, EntryVerdict>();
    const byCustomer = [...Map.groupBy(entries, customerOf)].filter(([customer]) => customer !== '');
    const untilMs = this.clock.elapsedMs() + ASK_MS;
    const worker = async (): Promise<void> => {
      for (let next = byCustomer.shift(); next !== undefined; next = byCustomer.shift()) {
        const [customer, its] = next;
        const run = new CustomerRun({ account, bot, customer, trace }, settings, untilMs);
        const found = await this.#judgeAll(run, its);
        its.forEach((entry, n) => verdicts.set(entry, found[n] ?? 'bot'));
      }
    };
    await Promise.all(Array.from({ length: CUSTOMERS_AT_ONCE }, worker));
    return entries.map((entry) => {
      const verdict = verdicts.get(entry) ?? 'bot';
      return {
        entry: settings.welcome === undefined ? entry : withoutWelcome(entry),
        withheld: verdict === 'bot' ? null : verdict,
      };
    });
  }

  /** @returns a verdict for each entry, in their order. */
  async #judgeAll(run: CustomerRun, entries: readonly SyncEntry[]): Promise<readonly EntryVerdict[]> {
    const { account } = run.asked;
    const read = entries.map((entry) => readEntry(account, entry, this.storeClock.nowMs()));
    const verdicts: EntryVerdict[] = [];
    let prelude = NOTHING;
    for (;;) {
      const { need, found, session } = await this.#step(run, read.slice(verdicts.length), prelude);
      verdicts.push(...found);
      this.texts.wake(session);
      const entry = read[verdicts.length];
      if (need === null || entry === undefined) return verdicts;
      if (need === 'state') prelude = await this.#lookUp(run, entry);
      else {
        const outcome = await this.#handOver(run);
        verdicts.push(verdictOf(outcome));
        prelude = this.#after(entry, outcome, run.settings);
      }
    }
  }

  /** Judges entries as far as that needs no answer of WeCom, and keeps that. */
  async #step(run: CustomerRun, entries: readonly ReadEntry[], prelude: Prelude) {
    const { account, customer } = run.asked;
    const nowMs = this.storeClock.nowMs();
    const mayAsk = run.canAsk && this.clock.elapsedMs() < run.untilMs;
    let need: Need | null = null;
    let found: EntryVerdict[] = [];
    const session = await this.store.change(account, customer, (before) => {
      [need, found] = [null, []];
      let after = prelude(before);
      for (const [n, entry] of entries.entries()) {
        const later = entries.slice(n + 1);
        const step = withEntry(after, entry, later, run.settings, nowMs, mayAsk);
        if (typeof step === 'string') {
          need = step;
          return step === 'handOver' ? beginningHandOver(after) : after;
        }
        found.push(step.verdict);
        after = step.session;
      }
      return after;
    });
    return { session, found, need: need as Need | null };
  }

  async #lookUp(run: CustomerRun, entry: ReadEntry): Promise<Prelude> {
    const known = await this.#inTime(run, this.calls.state(run.asked));
    const isAnswered = typeof known === 'number';
    this.metrics.lookedUp(isAnswered);
    if (!isAnswered) {
      run.canAsk = false;
      return NOTHING;
    }
    return (session) => withLookUp(session, known, entry, this.storeClock.nowMs());
  }

  async #handOver(run: CustomerRun): Promise<HandOverOutcome> {
    const outcome = await this.#inTime(run, this.handOvers.perform(run.asked, run.settings));
    if (outcome !== null && outcome.kind !== 'failed') return outcome;
    run.canAsk = false;
    return outcome ?? { kind: 'failed', errcode: null };
  }

  #after(entry: ReadEntry, outcome: HandOverOutcome, settings: SessionSettings): Prelude {
    const nowMs = this.storeClock.nowMs();
    return (session) => {
      const after = withHandOver(session, entry, outcome, textsOf(settings), nowMs);
      return judgedAs(after, entry, verdictOf(outcome), nowMs);
    };
  }

  /** @returns `null` when the time for this page is over; the call may go on. */
  async #inTime<T>({ untilMs }: CustomerRun, work: Promise<T | null>): Promise<T | null> {
    const isDone = await this.clock.within(untilMs - this.clock.elapsedMs(), work);
    return isDone ? work : null;
  }
}

/** The entries of one customer in one page. */
class CustomerRun {
  /** WeCom is not asked again once it could not be. */
  canAsk = true;

  constructor(
    readonly asked: ServiceCall,
    readonly settings: SessionSettings,
    /** Until when WeCom may be asked. */
    readonly untilMs: number,
  ) {}
}
