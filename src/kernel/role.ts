/** The roles of callers. As soon as one role has a secret, credentials are required of all. */
export const ROLES = ['puppet', 'gateway', 'operator'] as const;

export type Role = (typeof ROLES)[number];

/** What a named operator may do: a reader reads, an admin also changes things. */
export const OPERATOR_ROLES = ['reader', 'admin'] as const;

export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Who asked for a logged action. */
export interface Requester {
  /** The address that it came from. */
  readonly from: string;
  readonly requestId: string;
}

/** The roles, and the reader of the metrics. Its secret protects the route of the metrics alone, and opens no other. */
export const CALLERS = [...ROLES, 'metrics'] as const;

export type Caller = (typeof CALLERS)[number];
