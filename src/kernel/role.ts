/** Who calls the manager, where it asks for credentials. With the first secret of one the others are asked too. */
export const ROLES = ['puppet', 'gateway', 'operator'] as const;

export type Role = (typeof ROLES)[number];

/** Who asked for what is logged. */
export interface AskedBy {
  /** The address that it came from. */
  readonly from: string;
  readonly requestId: string;
}

/** Besides them who reads the metrics: a secret of its own protects that route and no other, and opens no other. */
export const CALLERS = [...ROLES, 'metrics'] as const;

export type Caller = (typeof CALLERS)[number];
