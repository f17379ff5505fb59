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

/** Leaves out all but the account. */
export function toAddressee({ corpId, openKfId }: Addressee): Addressee {
  return { corpId, openKfId };
}
