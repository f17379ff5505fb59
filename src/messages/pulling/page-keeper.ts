import { Injectable } from '@nestjs/common';
import type { Addressee } from '../../kernel/account.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { ORIGIN } from '../../kernel/wecom-format.js';
import type { NewMessage } from '../../queue/message.js';
import { mergeMsOf } from '../../queue/quick-texts.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';
import type { PulledEntries } from '../../wecom/calls/kf-sync.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { PulledMessages } from '../queue/pulled-messages.js';
import { Pulls } from '../queue/pulls.js';
import { MessageOutcomes } from '../sending/message-outcomes.js';
import { readEntries } from './entries.js';
import { type JudgedEntry, PageRules } from './page-rules.js';

/** How long a pull is leased: longer than one page takes; it runs anew with each. */
export const LEASE_MS = 15_000;

/** Older entries tell nothing of now where it is not known which of them are new. */
const NEW_MS = 600_000;

/** What is pulled, and for whom. */
export interface PullTask {
  readonly account: Addressee;
  readonly bot: OpenBot;
  /** Where its messages go, as in `Endpoint.href`; `null` while nobody is there to take them. */
  readonly endpoint: string | null;
  /** The sync token of the newest event; `''` for none. */
  readonly syncToken: string;
  readonly trace: TraceContext | null;
}

/** A page brought messages that are new. */
export interface CameIn {
  /** Customers' messages among them. */
  readonly customers: number;
  /** When the first of these was sent, by WeCom's clock; `Infinity` for none. */
  readonly firstSentAtMs: number;
}

/** What WeCom answered, and how the pull stands with it. */
interface AnsweredPage extends Pick<PulledEntries, 'entries'> {
  readonly appId: string;
  /** The cursor that was sent. */
  readonly from: string;
  /** Where the next page begins. */
  readonly cursor: string;
  /** Whether WeCom refused the cursor, so that it was asked from the beginning. */
  readonly isFromStart: boolean;
  /** See `PulledPage.regime`. */
  readonly regime: string;
  /** From when on messages are for the bot, epoch milliseconds. */
  readonly fromMs: number;
  readonly isLast: boolean;
}

/** What has become of it. */
interface PageOutcome {
  /** How many messages were new. */
  readonly added: number;
  /** How many of the account's messages wait in all. */
  readonly waiting: number;
  readonly cameIn: CameIn;
}

/** Judges the entries of a page, and keeps the messages among them that are for the bot. */
@Injectable()
export class PageKeeper {
  constructor(
    private readonly pulls: Pulls,
    private readonly rules: PageRules,
    private readonly outcomes: MessageOutcomes,
    private readonly pulled: PulledMessages,
    private readonly circuits: Circuits,
    private readonly wecom: WecomMetrics,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * The lease runs anew. Safe to repeat: messages that are known are not kept again.
   * @returns `null` when the lease is not held any more. @throws AppError `STORE_UNAVAILABLE`
   */
  async keep(task: PullTask, leaseId: string, given: AnsweredPage): Promise<PageOutcome | null> {
    const { account, bot, endpoint } = task;
    const { appId, from, cursor, isFromStart, regime, fromMs, isLast } = given;
    this.storeClock.confirm?.(lastSentAtMs(given.entries));
    const judged = await this.#judge(task, given.entries, fromMs);
    const nowMs = this.storeClock.nowMs();
    const wanted = {
      includesServicer: bot.includesServicer,
      fromMs,
      nowMs,
      withheld: judged.map(({ withheld }) => withheld),
    };
    const entries = judged.map(({ entry }) => entry);
    const { messages, skipped, withheld, withheldLanes } = readEntries(account, entries, wanted);
    const read = { messages, skipped, withheldLanes, mergeMs: mergeMsOf(bot) };
    const page = { appId, from, regime, ...read, cursor, endpoint, isLast };
    const kept = await this.pulls.keep(account, leaseId, page, nowMs, LEASE_MS);
    if (kept === null) return null;
    // Asked from the beginning, WeCom gives what was answered long ago, too.
    const newFromMs = isFromStart ? Math.max(fromMs, nowMs - NEW_MS) : fromMs;
    this.wecom.noteEntries(account.corpId, account.openKfId, timely(given.entries, newFromMs), false);
    const { added, waiting } = kept;
    this.outcomes.countPulled(kept, messages.length, isFromStart);
    this.outcomes.withheld(account, withheld, nowMs);
    if (added > 0) {
      this.pulled.tell({ account, bot, messages });
      if (endpoint !== null) this.circuits.cameIn(endpoint);
    }
    return { added, waiting, cameIn: cameInOf(messages, added) };
  }

  /** What the bot gets of a page. Entries from before are not for it, whatever they say. */
  async #judge(
    { account, bot, trace }: PullTask,
    entries: PulledEntries['entries'],
    fromMs: number,
  ): Promise<readonly JudgedEntry[]> {
    const all = entries.map((entry) => ({ entry, withheld: null }));
    if (bot.session === null) return all;
    const wanted = timely(entries, fromMs);
    const judged = await this.rules.judge({ account, bot, trace, entries: wanted });
    const found = new Map(wanted.map((entry, n) => [entry, judged[n]]));
    return all.map((one) => found.get(one.entry) ?? one);
  }
}

function timely(entries: PulledEntries['entries'], fromMs: number): PulledEntries['entries'] {
  return entries.filter(({ send_time: sentAtS }) => !(Number(sentAtS) * 1_000 < fromMs));
}

/** By WeCom's clock, epoch milliseconds; 0 where that is not known. */
function lastSentAtMs(entries: PulledEntries['entries']): number {
  return Math.max(0, ...entries.map(({ send_time: sentAtS }) => Number(sentAtS) * 1_000 || 0));
}

/** @param added how many of the page's messages were new; which of them is not known. */
function cameInOf(messages: readonly NewMessage[], added: number): CameIn {
  const sentAtMs = messages.flatMap((one) => (one.origin === ORIGIN.customer ? [one.sentAtMs] : []));
  return { customers: Math.min(added, sentAtMs.length), firstSentAtMs: Math.min(...sentAtMs) };
}
