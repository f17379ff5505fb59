/** Who the simulated corp is. Ids follow from names, so that a bot keeps working when the simulator starts again. */
import { createHash } from 'node:crypto';
import { randomText } from '../random-text.js';

export interface KfAccount {
  readonly openKfId: string;
  readonly name: string;
}

export interface Customer {
  readonly externalUserId: string;
  readonly nickname: string;
  /** Does not take what is sent to them: WeCom accepts the message and tells of its failure later. */
  isRefusing: boolean;
}

/** What the admin pages show of the corp. */
export interface CorpIdentity {
  readonly corpId: string;
  accounts: readonly KfAccount[];
}

export interface IdentityOptions {
  readonly corpId?: string;
  /** Names of kf accounts. */
  readonly accounts?: readonly string[];
}

export const DEFAULT_ACCOUNTS = ['客服一号'];

export function newIdentity({ corpId, accounts = DEFAULT_ACCOUNTS }: IdentityOptions): CorpIdentity {
  const id = corpId ?? `ww${randomText(16).toLowerCase()}`;
  return {
    corpId: id,
    accounts: accounts.map((name) => ({ openKfId: idOf('wk', id, name), name })),
  };
}

export function newCustomer(corpId: string, nickname: string): Customer {
  return { externalUserId: idOf('wm', corpId, nickname), nickname, isRefusing: false };
}

/** 32 characters, as WeCom's ids of accounts and customers have them. */
function idOf(prefix: 'wk' | 'wm', corpId: string, name: string): string {
  return `${prefix}${createHash('sha256').update(`${corpId}\n${name}`).digest('base64url').slice(0, 30)}`;
}
