/** Who calls the manager, where it asks for credentials. */
export const ROLES = ['puppet', 'gateway', 'operator'] as const;

export type Role = (typeof ROLES)[number];
