/** What belongs to the features, on the journals of a store that was opened. */
import { AuditLog } from '../../src/audit/audit-log.js';
import { DeliveryLog } from '../../src/log/delivery-log.js';
import { FigureStore } from '../../src/log/figure-store.js';
import { Journals } from '../../src/storage/journal/journal.js';
import type { OpenedAudit } from '../contracts/audit-log.contract.js';
import type { OpenedLog } from '../contracts/delivery-log.contract.js';
import type { OpenedFigures } from '../contracts/figure-store.contract.js';
import type { OpenedStore } from './stores.js';

/** @param bounds as the settings have them. */
export function deliveryLogOf(
  { get }: OpenedStore,
  { deliveryLogDays = 3, deliveryLogBytesMax = 1_073_741_824 } = {},
): DeliveryLog {
  return new DeliveryLog(get(Journals), { deliveryLogDays, deliveryLogBytesMax });
}

export function toLog(store: OpenedStore): OpenedLog {
  const reopen = async () => toLog(await store.reopen());
  return { deliveryLog: deliveryLogOf(store), reopen, close: store.close };
}

export function toAudit(store: OpenedStore): OpenedAudit {
  const reopen = async () => toAudit(await store.reopen());
  return { auditLog: new AuditLog(store.get(Journals)), reopen, close: store.close };
}

export function toFigures(store: OpenedStore): OpenedFigures {
  const reopen = async () => toFigures(await store.reopen());
  return { figures: new FigureStore(store.get(Journals)), reopen, close: store.close };
}
