/** What answers to `kf/sync_msg` tell of customers and of replies, as they pass. It keeps no words, no ids of messages and no customers. */
import { type Addressee, toAddressee } from '../../kernel/account.js';
import { ORIGIN, type SyncEntry } from '../../kernel/wecom-format.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { Past } from '../../log/past.js';
import type { CallOutcomes, Notes } from './call-outcomes.js';

/** A program that begins anew reads what it has answered before. */
const NEW_MS = 600_000;

export class ReadMessages {
  constructor(
    private readonly outcomes: CallOutcomes,
    private readonly storeClock: StoreClock,
    private readonly past: Past,
    private readonly notes: Notes,
  ) {}

  /** @param account whose messages were asked for. @param isOfProgram false where the manager pulled: its bot has not read them yet. */
  note(account: Addressee, entries: readonly SyncEntry[], isOfProgram: boolean): void {
    const nowMs = this.storeClock.nowMs();
    let hasAsked = false;
    for (const entry of entries) {
      const sentAtMs = Number(entry.send_time) * 1_000;
      if (!(nowMs - sentAtMs < NEW_MS)) continue;
      const event = isObject(entry.event) ? entry.event : {};
      if (entry.origin === ORIGIN.servicer) this.outcomes.answered(account);
      else if (event.event_type === 'msg_send_fail')
        this.outcomes.sendFailed(account, Number(event.fail_type) || 0);
      else if (entry.origin === ORIGIN.customer) hasAsked ||= this.#isUnanswered(account, sentAtMs);
    }
    const messages = hasAsked ? [nowMs] : [];
    if (isOfProgram) this.notes.noteRead({ ...toAddressee(account), readAtMs: nowMs, messages });
  }

  #isUnanswered(account: Addressee, sentAtMs: number): boolean {
    // WeCom's times have whole seconds.
    return this.past.repliedAtMs(account) < sentAtMs + 1_000;
  }
}

function isObject(value: unknown): value is SyncEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
