import { Injectable } from '@nestjs/common';
import { StoreClock } from '../../kernel/store-clock.js';
import { DeliveryLog, type RecordFilter } from '../../log/delivery-log.js';
import type { LoggedRecord } from '../../log/delivery-record.js';
import type { RefusedCallbackAnswer, RefusedCallbacksAnswer } from './refused-callback.dto.js';
import { toIso } from '../../http/answers/times.js';

const DAY_MS = 86_400_000;
const PAGE = 200;
/** A page of the log may be empty, and takes a quarter of a second at most. */
const PAGES_MAX = 10;

interface Group {
  readonly latest: LoggedRecord;
  count: number;
  firstAtMs: number;
}

/** Sums up the refused callbacks of the delivery log: by corp, reason and source address. */
@Injectable()
export class RefusedCallbacks {
  constructor(
    private readonly log: DeliveryLog,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param fromMs `null` for a day ago. @throws AppError `STORE_UNAVAILABLE` */
  async list(corpId: string | null, fromMs: number | null): Promise<RefusedCallbacksAnswer> {
    const groups = new Map<string, Group>();
    const filter: RecordFilter = {
      ...{ fromMs: fromMs ?? this.storeClock.nowMs() - DAY_MS, toMs: null },
      ...{ corpId, openKfId: null, openKfIds: null, webhookId: null, outcome: 'refused', words: null },
    };
    let before: string | null = null;
    let isWhole = this.log.days === 0;
    for (let page = 0; page < PAGES_MAX && !isWhole; page++) {
      const { records, nextBefore } = await this.log.search(filter, before, PAGE);
      for (const record of records) addTo(groups, record);
      before = nextBefore;
      isWhole = before === null;
    }
    return { items: [...groups.values()].map(toAnswer), isWhole, days: this.log.days };
  }
}

/** Records come the newest first. */
function addTo(groups: Map<string, Group>, record: LoggedRecord): void {
  const { corpId, reason, source, atMs } = record;
  const key = JSON.stringify([corpId, reason, source]);
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { latest: record, count: 1, firstAtMs: atMs });
  else {
    group.count++;
    group.firstAtMs = atMs;
  }
}

function toAnswer({ latest, count, firstAtMs }: Group): RefusedCallbackAnswer {
  const { corpId, reason, source, form, atMs } = latest;
  return { corpId, reason, source, form, count, firstAt: toIso(firstAtMs), lastAt: toIso(atMs) };
}
