import { Injectable } from '@nestjs/common';
import { StoreClock } from '../kernel/store-clock.js';
import { DeliveryLog, type RecordFilter } from './delivery-log.js';
import type { LoggedRecord } from './delivery-record.js';

const DAY_MS = 86_400_000;
const PAGE = 200;
/** A page of the log may be empty, and takes a quarter of a second at most. */
const PAGES_MAX = 10;

/** Callbacks of one corp that were refused for one reason, from one address. */
export interface RefusalGroup {
  readonly latest: LoggedRecord;
  readonly count: number;
  readonly firstAtMs: number;
}

export interface RefusedGroups {
  /** The latest first. */
  readonly groups: readonly RefusalGroup[];
  /** False: there are more, and only the latest ones were counted. */
  readonly isWhole: boolean;
  /** How long the log is kept; 0 for no log, and so no group. */
  readonly days: number;
}

/** Sums up the refused callbacks of the delivery log: by corp, reason and source address. */
@Injectable()
export class RefusedCallbacks {
  constructor(
    private readonly log: DeliveryLog,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param fromMs `null` for a day ago. @throws AppError `STORE_UNAVAILABLE` */
  async list(corpId: string | null, fromMs: number | null): Promise<RefusedGroups> {
    const groups = new Map<string, RefusalGroup>();
    const filter: RecordFilter = {
      fromMs: fromMs ?? this.storeClock.nowMs() - DAY_MS,
      toMs: null,
      corpId,
      openKfId: null,
      openKfIds: null,
      webhookId: null,
      outcome: 'refused',
      words: null,
    };
    let before: string | null = null;
    let isWhole = this.log.days === 0;
    for (let page = 0; page < PAGES_MAX && !isWhole; page++) {
      const { records, nextBefore } = await this.log.search(filter, before, PAGE);
      for (const record of records) addTo(groups, record);
      before = nextBefore;
      isWhole = before === null;
    }
    return { groups: [...groups.values()], isWhole, days: this.log.days };
  }
}

/** Records come the newest first. */
function addTo(groups: Map<string, RefusalGroup>, record: LoggedRecord): void {
  const { corpId, reason, source, atMs } = record;
  const key = JSON.stringify([corpId, reason, source]);
  const group = groups.get(key);
  const count = 1 + (group?.count ?? 0);
  groups.set(key, { latest: group?.latest ?? record, count, firstAtMs: atMs });
}
