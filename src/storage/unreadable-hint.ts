import type { Log } from '../kernel/log.js';

/** Someone else damaged or changed the record: what was promised with 200 will not be delivered, and only a person can tell. */
export function sayUnreadable(log: Log, hint: string): void {
  const reason =
    'its record was set aside and is not delivered; the next event of the account brings what it stood for; look who else writes to the store';
  log.error({ hint, reason }, 'outbox.record_unreadable');
}
