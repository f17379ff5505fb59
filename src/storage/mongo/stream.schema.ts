import type { BotConnection } from '../../registry/bots/connected-bots.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const REPLICAS = 'wxkfreplicas';
export const CONNECTIONS = 'wxkfconnections';

/** A replica and its lease. */
export interface ReplicaDocument {
  /** The id of the replica. */
  readonly _id: string;
  readonly url: string;
  /** Sealed where there are keys for that. */
  readonly key: string;
  readonly until: Date;
  /** One more with each change of its connections. */
  readonly revision: number;
}

export interface ConnectionDocument extends Omit<BotConnection, 'id'> {
  /** The id of the connection. */
  readonly _id: string;
}
