import { Injectable } from '@nestjs/common';
import { QueueCounts } from '../../dispatch/redelivery/queue-counts.js';
import { Circuits } from '../../dispatch/endpoint/circuit.js';
import { Deliveries } from '../../dispatch/endpoint/deliveries.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import type { StatusAnswer } from './status.dto.js';
import type { RepliesAnswer, VerdictAnswer } from './verdict.dto.js';
import { toIso } from '../../http/answers/times.js';
import { causesOf } from './causes.js';
import { FailingReplies } from './failing-replies.js';

/** How old a reply or an event may be to say something about now. */
const LATELY_MS = 3_600_000;

/**
 * Concludes whether customers are being answered. No other place concludes it: the console and notifications take it from here.
 * The verdict is good only if replies were seen. Where none were seen, it says so.
 */
@Injectable()
export class Verdict {
  constructor(
    private readonly wecom: WecomMetrics,
    private readonly failing: FailingReplies,
    private readonly deliveries: Deliveries,
    private readonly counts: QueueCounts,
    private readonly circuits: Circuits,
    private readonly bots: KnownBots,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param status the other figures of the same moment. */
  async of(status: Omit<StatusAnswer, 'verdict'>): Promise<VerdictAnswer> {
    const { waiting, parked, dead } = status.counts;
    const hints = waiting || parked || dead ? await this.counts.hintGroups() : null;
    const { failing, unknown } = this.failing.list();
    const { causes, moreCauses } = causesOf(status, {
      corps: this.wecom.failingCorps,
      accounts: failing,
      unknownAccounts: unknown,
      hints,
      openCircuits: this.circuits.failing,
      nowMs: this.storeClock.nowMs(),
    });
    const replies = this.#replies();
    const isFailing = causes.some(({ severity }) => severity === 'bad');
    const state = isFailing ? 'failing' : causes.length > 0 ? 'degraded' : this.#calmState(status, replies);
    return { state, causes, moreCauses, replies };
  }

  /** Counts accounts whose bots took an event lately, by the replies that this process has seen. */
  #replies(): RepliesAnswer {
    const [sinceMs, lastAtMs] = [this.storeClock.nowMs() - LATELY_MS, this.wecom.lastReplyAtMs];
    const counts = { answering: 0, silent: 0, unseen: 0 };
    for (const openKfId of this.deliveries.takenSince(sinceMs)) {
      const repliedAtMs = this.wecom.repliedAtMs(openKfId);
      counts[repliedAtMs === null ? 'unseen' : repliedAtMs >= sinceMs ? 'answering' : 'silent']++;
    }
    return { ...counts, lastAt: lastAtMs === null ? null : toIso(lastAtMs) };
  }

  #calmState(
    { counts }: Omit<StatusAnswer, 'verdict'>,
    { answering, silent, unseen }: RepliesAnswer,
  ): VerdictAnswer['state'] {
    if (answering + silent + unseen === 0)
      return counts.accounts === 0 && this.bots.size === 0 ? 'empty' : 'quiet';
    if (answering === 0) return 'unseen';
    return unseen === 0 ? 'answered' : 'partly';
  }
}
