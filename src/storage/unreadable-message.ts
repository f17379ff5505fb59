import type { Log } from '../kernel/log.js';

/** Someone else damaged or changed the record: the message will not be delivered, and only a person can tell. */
export function sayUnreadable(log: Log, record: string): void {
  const reason = 'its record is left as it is and is not delivered; look who else writes to the store';
  log.error({ record, reason }, 'message.record_unreadable');
}
