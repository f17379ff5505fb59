/** What answers to `kf/sync_msg` tell of customers and of replies, as they pass. It keeps no words, no ids of messages and no customers. */
import { type Addressee, customerKey, toAddressee } from '../../kernel/account.js';
import { ORIGIN, type SyncEntry } from '../../kernel/wecom-format.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import { CUSTOMER_KEPT_MS } from '../../log/unanswered-customers.js';
import type { CallOutcomes, Notes } from './call-outcomes.js';

/** A program that begins anew reads what it has answered before. */
const NEW_MS = 600_000;

export class ReadMessages {
  constructor(
    private readonly outcomes: CallOutcomes,
    private readonly storeClock: StoreClock,
    private readonly notes: Notes,
  ) {}

  /**
   * @param account whose messages were asked for.
   * @param isOfProgram false where the manager pulled: its bot has not read them yet, and they are new.
   */
  note(account: Addressee, entries: readonly SyncEntry[], isOfProgram: boolean): void {
    const nowMs = this.storeClock.nowMs();
    const keptMs = isOfProgram ? NEW_MS : CUSTOMER_KEPT_MS;
    for (const entry of entries) {
      const sentAtMs = Number(entry.send_time) * 1_000;
      if (nowMs - sentAtMs < keptMs) this.#noteWords(account, entry, sentAtMs);
      const event = isObject(entry.event) ? entry.event : {};
      if (event.event_type === 'msg_send_fail' && nowMs - sentAtMs < NEW_MS)
        this.outcomes.sendFailed(account, Number(event.fail_type) || 0);
    }
    if (isOfProgram) this.notes.noteRead({ ...toAddressee(account), readAtMs: nowMs, messages: [] });
  }

  /** The words of a person answer their customer alone. */
  #noteWords(account: Addressee, { origin, external_userid: customer }: SyncEntry, sentAtMs: number): void {
    if (typeof customer !== 'string' || customer === '') return;
    const key = customerKey(account, customer);
    if (origin === ORIGIN.customer) this.notes.noteAsked(account, key, sentAtMs);
    else if (origin === ORIGIN.servicer) this.notes.noteTold(account, key, sentAtMs);
  }
}

function isObject(value: unknown): value is SyncEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
