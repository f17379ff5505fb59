import type { Puppet } from '../puppets/puppet.js';
import type { RecordKind } from '../records/record-kind.js';

/** The result of inspecting a store without changing it. */
export interface StoreInspection {
  readonly kind: 'embedded' | 'mongodb';
  /** `new`: it is made at the first start. */
  readonly state: 'new' | 'read';
  /** How far the server's clock is ahead of this machine's, ms; `null` where there is no server. */
  readonly clockAheadMs: number | null;
}

/** Gets each record of some kinds, and then each registration, as it is stored, its secrets sealed or plain. */
export interface Visitor {
  readonly kinds: readonly RecordKind<object>[];
  record(kind: RecordKind<object>, stored: object): void;
  puppet(stored: Puppet): void;
}
