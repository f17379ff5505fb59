import type { StoreKind } from '../run.js';
import type { Trouble } from './kf-corp.js';

/** How much of what is done to managers and bots in one line of the table. */
export interface MessagesForm {
  readonly title: string;
  readonly store: StoreKind;
  readonly replicas: number;
  readonly messages: number;
  /** At most; fewer while many are under way. */
  readonly ratePerS: number;
  readonly managerKills: number;
  readonly botKills: number;
  readonly outages: number;
  readonly troubles: readonly Trouble[];
}
