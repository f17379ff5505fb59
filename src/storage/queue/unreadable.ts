import type { Log } from '../../kernel/log.js';

/** Somebody else damaged or changed a record, and only a person can find out who. @param key see `lineKey`. */
export function sayUnreadableLine(log: Log, key: string): void {
  if (key.startsWith('messages ')) {
    const reason =
      "the record of the account's messages was set aside; the next pull makes it anew; find out who else writes to the store";
    log.error({ record: key, reason }, 'message.record_unreadable');
    return;
  }
  const hint = key.replace(/^event /, '');
  const reason =
    'its record was set aside and is not delivered; the next event of the account replaces it; find out who else writes to the store';
  log.error({ hint, reason }, 'outbox.record_unreadable');
}

/** As `sayUnreadableLine`, of a single message. */
export function sayUnreadableMessage(log: Log, record: string): void {
  const reason = 'its record is left as it is and is not delivered; find out who else writes to the store';
  log.error({ record, reason }, 'message.record_unreadable');
}
