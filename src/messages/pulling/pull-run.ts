import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';
import { KfSync, PAGE_SIZE, type PullAnswer, type PulledEntries } from '../../wecom/calls/kf-sync.js';
import { UnfinishedAnswer } from '../../wecom/client/own-calls.js';
import { ERRCODE, isOfCursor } from '../../wecom/client/wecom-answer.js';
import { isOfNoAccount } from '../../wecom/outcomes/outcome.js';
import { type PullLease, Pulls } from '../queue/pulls.js';
import { messagesConfig } from '../sending/messages.config.js';
import { type CameIn, LEASE_MS, PageKeeper, type PullTask } from './page-keeper.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/**
 * A run ends between two pages after this time, since an attempt has to end. Its event is tried again and brings the
 * next run.
 */
const RUN_MS = 4_000;
/** Another process pulls the account, or the store is away. */
const AGAIN_MS = 1_000;
/** Too many messages wait. */
const PAUSE_MS = 2_000;
/** WeCom blocks for a minute (developer.work.weixin.qq.com/document/path/94670). */
const BLOCKED_MS = 60_000;

/** What WeCom answered, and to which cursor. */
interface AnsweredPage<Other = never> {
  readonly answer: PullAnswer | Other;
  readonly from: string;
}

/** Is told of each page that brought something new. */
export type PageListener = (cameIn: CameIn) => void;

/**
 * How many messages WeCom is asked for at once. Half as many after an answer that could not be read whole, twice as many after
 * one that could. In memory: a process that starts finds it out again within some calls.
 */
class PageSizes {
  /** Sizes below `PAGE_SIZE`, by account. */
  readonly #sizes = new Map<string, number>();

  of(account: Addressee): number {
    return this.#sizes.get(accountKey(account)) ?? PAGE_SIZE;
  }

  /** @param limit how many were asked for. @returns false where it was one: no smaller page can be asked for. */
  failed(account: Addressee, limit: number): boolean {
    const size = Math.max(1, Math.floor(limit / 2));
    this.#sizes.set(accountKey(account), size);
    return limit > 1;
  }

  succeeded(account: Addressee): void {
    const key = accountKey(account);
    const size = this.#sizes.get(key);
    if (size === undefined) return;
    if (size * 2 >= PAGE_SIZE) this.#sizes.delete(key);
    else this.#sizes.set(key, size * 2);
  }
}

/** Pulls all that an account has new, page after page, and keeps each page before the cursor moves. */
@Injectable()
export class PullRun {
  readonly #sizes = new PageSizes();

  constructor(
    private readonly pulls: Pulls,
    private readonly sync: KfSync,
    private readonly pages: PageKeeper,
    @Inject(messagesConfig.KEY) private readonly config: ConfigType<typeof messagesConfig>,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Never throws. @param added is told that messages wait now. */
  async run(task: PullTask, added: PageListener): Promise<AttemptResult> {
    try {
      const { account, bot } = task;
      const appId = secretIdOf(bot.corpId, bot.secrets.corpSecret);
      const lease = await this.pulls.begin(account, appId, this.storeClock.nowMs(), LEASE_MS);
      if (lease === null) return putOff('another replica pulls the account', AGAIN_MS);
      try {
        return await this.#pullAll(task, appId, lease, added);
      } finally {
        await this.pulls.end(account, lease.id);
      }
    } catch (error) {
      if (error instanceof AppError && error.code === 'STORE_UNAVAILABLE')
        return putOff('the store does not answer, or its disk has too little room', AGAIN_MS, 'store');
      if (!(error instanceof AppError))
        this.log.error({ ...task.account, err: error }, 'message.pull_failed');
      // WeCom was not reached, which may be so for all accounts.
      return error instanceof AppError ? failed(error.message, false) : failed('the pull failed');
    }
  }

  async #pullAll(
    task: PullTask,
    appId: string,
    lease: PullLease,
    added: PageListener,
  ): Promise<AttemptResult> {
    const { account, bot } = task;
    const endMs = this.clock.elapsedMs() + RUN_MS;
    let { regime, fromMs } = regimeOf(bot, lease);
    let { waiting } = lease;
    for (let cursor = lease.cursor ?? ''; ;) {
      if (waiting >= this.config.messagesAheadMax)
        return putOff(`${waiting} messages of the account wait already`, PAUSE_MS);
      const limit = Math.min(this.#sizes.of(account), this.config.messagesAheadMax - waiting);
      const pulled = await unlessUnfinished(this.#pullPage(task, cursor, limit));
      const { answer, from } = pulled;
      if (answer instanceof UnfinishedAnswer) {
        if (!this.#sizes.failed(account, limit))
          return failed(`${answer.message}; it was asked for a single message, which cannot be left out`);
        if (this.clock.elapsedMs() < endMs) continue;
        return putOff(`${answer.message}; it is asked for less than ${limit} messages next`, 0);
      }
      if (!('entries' in answer)) return toResult(answer);
      this.#sizes.succeeded(account);
      if (from !== cursor) ({ regime, fromMs } = regimeOf(bot, { ...lease, isFromRecipient: false }));
      const next = answer.cursor === '' ? cursor : answer.cursor;
      const isLast = !answer.hasMore;
      const isFromStart = from !== cursor;
      const page = {
        entries: answer.entries,
        appId,
        from,
        cursor: next,
        isFromStart,
        regime,
        fromMs,
        isLast,
      };
      const kept = await this.pages.keep(task, lease.id, page);
      if (kept === null) return putOff('another replica pulls the account', AGAIN_MS);
      if (kept.added > 0) added(kept.cameIn);
      if (isLast) return { taken: true, status: 200 };
      if (next === cursor) return failed('WeCom has more messages, and its cursor does not move');
      if (this.clock.elapsedMs() >= endMs) return putOff('WeCom has more messages', 0);
      ({ waiting } = kept);
      cursor = next;
    }
  }

  /** Asks for a page; from the beginning where WeCom refuses the cursor. Messages that are known are not kept again. */
  async #pullPage(
    { account, bot, syncToken, trace }: PullTask,
    cursor: string,
    limit: number,
  ): Promise<AnsweredPage> {
    const { corpId, openKfId } = account;
    const { corpSecret } = bot.secrets;
    const asked = { corpId, openKfId, corpSecret, botId: bot.id, syncToken, limit, trace };
    const answer = await this.sync.pull({ ...asked, cursor });
    if (cursor === '' || !('errcode' in answer) || !isOfCursor(answer.errcode))
      return { answer, from: cursor };
    const fromStart = await this.sync.pull({ ...asked, cursor: '' });
    if (!isPage(fromStart)) return { answer, from: cursor };
    return { answer: fromStart, from: '' };
  }
}

/**
 * The regime of a pull, see `PulledPage.regime`, and from when on messages are for the bot, epoch milliseconds. The
 * first pull of an account skips what was sent before the bot took messages. A pull that goes on at another recipient's
 * cursor skips only what a third one has taken. While the bot stays, the time stays the same, unless another recipient
 * had the account meanwhile.
 */
function regimeOf(bot: OpenBot, lease: PullLease): { regime: string; fromMs: number } {
  const { regime } = lease;
  const coveredUntilMs = lease.isFromRecipient ? 0 : lease.coveredUntilMs;
  const begun = `${bot.id} ${bot.takesMessagesSinceMs ?? 0} `;
  const fromMs = regime?.startsWith(begun)
    ? Math.max(fromMsOf(regime), coveredUntilMs)
    : firstFromMs(bot, lease, coveredUntilMs);
  return { regime: `${begun}${fromMs}`, fromMs };
}

function firstFromMs(
  { takesMessagesSinceMs }: OpenBot,
  { cursor, regime }: PullLease,
  coveredUntilMs: number,
): number {
  // The earlier bot had a cursor of another app. What it was given is known by its ids, so this bot begins
  // where that one began.
  if (regime !== null) return cursor === null ? Math.max(fromMsOf(regime), coveredUntilMs) : coveredUntilMs;
  if (cursor) return coveredUntilMs;
  // WeCom's times have whole seconds: one message too many is better than one too few.
  return Math.max(Math.floor((takesMessagesSinceMs ?? 0) / 1_000) * 1_000, coveredUntilMs);
}

function fromMsOf(regime: string): number {
  return Number(regime.slice(regime.lastIndexOf(' ') + 1)) || 0;
}

async function unlessUnfinished(page: Promise<AnsweredPage>): Promise<AnsweredPage<UnfinishedAnswer>> {
  try {
    return await page;
  } catch (error) {
    if (error instanceof UnfinishedAnswer) return { answer: error, from: '' };
    throw error;
  }
}

function isPage(answer: PullAnswer): answer is PulledEntries {
  return 'entries' in answer;
}

function toResult(answer: Exclude<PullAnswer, PulledEntries>): AttemptResult {
  if ('retryAfterS' in answer)
    return putOff("WeCom's limits allow no further call now", answer.retryAfterS * 1_000, 'wecom_busy');
  const { errcode } = answer;
  const reason = `WeCom answered kf/sync_msg with errcode ${errcode}`;
  if (errcode === ERRCODE.tooFrequent) return putOff(reason, BLOCKED_MS, 'wecom_busy');
  if (errcode === ERRCODE.tooManyAtOnce) return putOff(reason, AGAIN_MS, 'wecom_busy');
  const isOfAccountAlone = isOfNoAccount(String(errcode));
  return { ...failed(reason), ...(isOfAccountAlone && { isOfAccountAlone }) };
}

function failed(reason: string, isOfAccount = true): Extract<AttemptResult, { taken: false }> {
  return { taken: false, stage: 'pull', reason, isOfAccount };
}

/** The event waits, although nothing is wrong. */
function putOff(
  reason: string,
  retryAfterMs: number,
  stage: 'pull_later' | 'wecom_busy' | 'store' = 'pull_later',
): AttemptResult {
  return { taken: false, stage, reason, retryAfterMs };
}
