import { hash } from 'node:crypto';

/** A kf account, within a corp. */
export interface Addressee {
  readonly corpId: string;
  readonly openKfId: string;
}

/** Identifies an account of a corp. No corpId has a slash, so that sorted keys keep the accounts of a corp together. */
export function accountKey({ corpId, openKfId }: Addressee): string {
  return `${corpId}/${openKfId}`;
}

export function readAccountKey(key: string): Addressee {
  const slash = key.indexOf('/');
  return { corpId: key.slice(0, slash), openKfId: key.slice(slash + 1) };
}

/**
 * Stands for a customer of an account: always the same. Nobody who does not know the `external_userid` can tell from it who the
 * customer is.
 */
export function customerKey(account: Addressee, customer: string): string {
  return hash('sha256', `${accountKey(account)}\n${customer}`, 'base64url').slice(0, 22);
}

/** Leaves out all but the account. */
export function toAddressee({ corpId, openKfId }: Addressee): Addressee {
  return { corpId, openKfId };
}
