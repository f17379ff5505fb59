import { Injectable } from '@nestjs/common';
import { Deliveries } from '../../dispatch/endpoint/deliveries.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import type { RepliesAnswer } from './verdict.dto.js';
import { toIso } from '../../http/answers/times.js';

/** How old a reply or an event may be to say something about now. */
const LATELY_MS = 3_600_000;

/** Counts accounts whose bots took an event lately, by the replies that this process has seen. */
@Injectable()
export class SeenReplies {
  constructor(
    private readonly wecom: WecomMetrics,
    private readonly deliveries: Deliveries,
    private readonly storeClock: StoreClock,
  ) {}

  seen(): RepliesAnswer {
    const [sinceMs, lastAtMs] = [this.storeClock.nowMs() - LATELY_MS, this.wecom.lastReplyAtMs];
    const counts = { answering: 0, silent: 0, unseen: 0 };
    for (const openKfId of this.deliveries.takenSince(sinceMs)) {
      const repliedAtMs = this.wecom.repliedAtMs(openKfId);
      counts[repliedAtMs === null ? 'unseen' : repliedAtMs >= sinceMs ? 'answering' : 'silent']++;
    }
    return { ...counts, lastAt: lastAtMs === null ? null : toIso(lastAtMs) };
  }
}
