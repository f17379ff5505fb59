import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { DeliveryLog, type RecordFilter, type RecordPage, STORY_MAX, type Words } from './delivery-log.js';
import { type LoggedRecord, type RecordOutcome, withAttempts } from './delivery-record.js';
import { Accounts } from '../registry/accounts/accounts.js';
import { listedIn, takesAllOthers } from '../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { accountKey } from '../kernel/account.js';

/** Accounts that are looked at in one turn of the event loop. */
const SLICE = 1_000;
/** Accounts that a text may match; further ones are ignored. */
const NAMED_MAX = 100;
/** How many endings are looked at. The first few may be of attempts that began before the event came in. */
const ENDINGS_MAX = 20;
/** The outcomes after which an event of the account, this one or a newer one, is still to be taken. */
const GOES_ON: ReadonlySet<RecordOutcome> = new Set(['kept', 'replayed']);

/** A `RecordFilter` with the text that a person typed. */
export interface HistoryFilter extends Omit<RecordFilter, 'words' | 'openKfIds'> {
  /** The bot that has the account now; `null` accepts any. */
  readonly botId: string | null;
  readonly text: string | null;
}

export interface HistoryPage extends RecordPage {
  /** When the oldest record of the log was written, store time; `null` where there is none. */
  readonly sinceMs: number | null;
  /** How long records are kept; 0 for no log. */
  readonly days: number;
}

/** What became of an event or message. */
export interface DeliveryStory {
  readonly outcome: RecordOutcome;
  readonly takenAtMs: number | null;
  /** Of another event that ended the wait of this one. */
  readonly endedBy: LoggedRecord | null;
  /** Of one webhook-id, the oldest first; at least one. */
  readonly records: readonly LoggedRecord[];
}

/** Searches the delivery log, also by the names and bots of accounts, which are not in it. */
@Injectable()
export class DeliveryHistory {
  constructor(
    private readonly log: DeliveryLog,
    private readonly accounts: Accounts,
    private readonly bots: KnownBots,
  ) {}

  /** @throws AppError `STORE_UNAVAILABLE` */
  async page(
    { text, botId, ...filter }: HistoryFilter,
    before: string | null,
    limit: number,
  ): Promise<HistoryPage> {
    const { days } = this.log;
    if (days === 0) return { records: [], nextBefore: null, sinceMs: null, days };
    const sinceMs = await this.log.reach();
    const bot = botId === null ? null : this.bots.find(botId);
    const corpId = filter.corpId ?? bot?.corpId ?? null;
    if (botId !== null && bot?.corpId !== corpId) return { records: [], nextBefore: null, sinceMs, days };
    const words = text === null || text === '' ? null : await this.#wordsOf(text, corpId);
    const openKfIds = bot === null || takesAllOthers(bot) ? null : listedIn(bot);
    const found = await this.log.search({ ...filter, corpId, openKfIds, words }, before, limit);
    const { records, nextBefore } = found;
    const ofBot = bot === null ? records : records.filter((record) => this.#botOf(record) === bot);
    return { records: ofBot, nextBefore, sinceMs, days };
  }

  /** @throws AppError `DELIVERY_NOT_FOUND`, `STORE_UNAVAILABLE` */
  async story(id: string): Promise<DeliveryStory> {
    const record = this.log.days === 0 ? null : await this.log.find(id);
    if (record === null) throw new AppError('DELIVERY_NOT_FOUND');
    const { webhookId } = record;
    const found = webhookId === null ? [] : await this.log.story(webhookId);
    const records = found.length === 0 ? [record] : found;
    const endedBy = GOES_ON.has(outcomeOf(records)) ? await this.#endOf(records) : null;
    const all = withAttempts(records).slice(0, STORY_MAX);
    return { outcome: outcomeOf(all), takenAtMs: takenOf(all)?.atMs ?? null, endedBy, records: all };
  }

  /**
   * Finds what ended the wait of a kept event. An attempt that began before the event came in, or before it was sent again,
   * did not send it.
   */
  async #endOf(records: readonly LoggedRecord[]): Promise<LoggedRecord | null> {
    const replayed = records.findLast(({ outcome }) => outcome === 'replayed');
    const kept = replayed ?? records.find(({ outcome }) => outcome === 'kept');
    if (kept === undefined || kept.corpId === null || kept.openKfId === null) return null;
    const { corpId, openKfId, id } = kept;
    const endings = await this.log.endings({ corpId, openKfId }, id, ENDINGS_MAX);
    const sinceMs = kept === replayed ? kept.atMs : kept.atMs - kept.durationMs;
    const isAfter = ({ kind, atMs, durationMs }: LoggedRecord): boolean =>
      kind === 'end' || atMs - durationMs >= sinceMs;
    return endings.find(isAfter) ?? null;
  }

  #botOf({ corpId, openKfId }: LoggedRecord): KnownBot | null {
    return corpId === null || openKfId === null ? null : this.bots.findOf(corpId, openKfId);
  }

  async #wordsOf(text: string, corpId: string | null): Promise<Words> {
    const part = text.toLowerCase();
    const openKfIds: string[] = [];
    for (let after: string | null = ''; after !== null && openKfIds.length < NAMED_MAX;) {
      const slice = await this.accounts.list(after, corpId, SLICE);
      for (const { openKfId, name } of slice)
        if (openKfId.toLowerCase().includes(part) || name.toLowerCase().includes(part))
          openKfIds.push(openKfId);
      const last = slice.at(-1);
      after = last === undefined || slice.length < SLICE ? null : accountKey(last);
      await nextTurn();
    }
    return { id: text, openKfIds: openKfIds.slice(0, NAMED_MAX) };
  }
}

/** The outcome of the event or message, as far as these records tell. */
function outcomeOf(records: readonly LoggedRecord[]): RecordOutcome {
  if (takenOf(records) !== undefined) return 'taken';
  // A text for the customer does not decide it. An attempt that fails after its event was kept leaves it kept.
  const ofEvent = records.filter(({ kind }) => kind !== 'text');
  const decided = ofEvent.findLast(({ kind }) => kind !== 'attempt') ?? ofEvent.at(-1) ?? records.at(-1);
  return decided?.outcome ?? 'failed';
}

function takenOf(records: readonly LoggedRecord[]): LoggedRecord | undefined {
  return records.find(({ outcome }) => outcome === 'taken');
}
