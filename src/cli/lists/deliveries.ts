import { type List, type ListOptions, printList, toSeconds } from './list.js';

export interface DeliveriesOptions extends ListOptions {
  readonly account?: string;
  readonly outcome?: string;
}

export function listDeliveries(options: DeliveriesOptions): Promise<number> {
  const query = { openKfId: options.account, outcome: options.outcome };
  return printList({ path: 'deliveries', query, columns: COLUMNS }, options);
}

const COLUMNS: List['columns'] = {
  TIME: (delivery) => toSeconds(delivery.at),
  ACCOUNT: (delivery) => delivery.openKfId,
  WHAT: (delivery) => delivery.kind,
  OUTCOME: (delivery) => delivery.outcome,
  TRY: (delivery) => delivery.attempt,
  STATUS: (delivery) => delivery.status,
  MS: (delivery) => delivery.durationMs,
  'WEBHOOK-ID': (delivery) => delivery.webhookId,
  REASON: (delivery) => delivery.reason,
};
