/** An account, and the corp whose events it is looked up for. */
export interface Addressee {
  readonly corpId: string;
  readonly openKfId: string;
}

/**
 * Identifies an account of a corp. Sorted, the accounts of a corp follow each other, since no corpId has a slash.
 */
export function accountKey({ corpId, openKfId }: Addressee): string {
  return `${corpId}/${openKfId}`;
}

export function readAccountKey(key: string): Addressee {
  const slash = key.indexOf('/');
  return { corpId: key.slice(0, slash), openKfId: key.slice(slash + 1) };
}

/** Nothing but the account of something that is about one. */
export function toAddressee({ corpId, openKfId }: Addressee): Addressee {
  return { corpId, openKfId };
}
