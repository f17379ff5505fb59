/** Who may call the API for which accounts, and is told of their events: apps, each with its own Secret and callback URL. */
import { Refused } from '../api/answers.js';
import type { CallbackConfig, Verification } from '../callbacks/callback-url.js';
import { randomText } from '../random-text.js';
import type { KfAccount } from './identity.js';

/**
 * How a corp has opened customer service to programs: by apps of its own (企业内部开发), by the built-in 微信客服 app, or
 * by the stand-alone kf.weixin.qq.com. The latter two have one Secret and one callback for all accounts.
 */
export const ACCESS_KINDS = ['self-built', 'built-in', 'stand-alone'] as const;
export type AccessKind = (typeof ACCESS_KINDS)[number];

export interface AppOptions {
  readonly name: string;
  /** Names of those that it may manage (可管理的客服账号); no account is in two apps. */
  readonly accounts: readonly string[];
  /** What is left out is invented. */
  readonly corpSecret?: string;
  readonly token?: string;
  readonly encodingAESKey?: string;
  /** 企业可信IP: only they may call. Empty, the default, lets all call. */
  readonly trustedIps?: readonly string[];
}

export interface AccessOptions extends Omit<AppOptions, 'name' | 'accounts'> {
  readonly kind?: AccessKind;
  /** Of the kind `self-built`; without them it is one that may manage all accounts, with the other options. */
  readonly apps?: readonly AppOptions[];
}

/** WeCom's errcode for an API that an app may not call. That it is the one for an account is not on any page. */
const NOT_PERMITTED = 48002;

export class App {
  readonly name: string;
  readonly corpSecret: string;
  readonly trustedIps: readonly string[];
  readonly openKfIds: ReadonlySet<string>;
  /** What the callback form shows. */
  callback: CallbackConfig;
  /** What events are sent to; `null` while no URL has been verified. */
  saved: CallbackConfig | null = null;
  verification: Verification | null = null;

  constructor({ name, accounts, trustedIps = [], ...given }: AppOptions, all: readonly KfAccount[]) {
    this.name = name;
    this.corpSecret = given.corpSecret ?? randomText(43);
    this.trustedIps = trustedIps;
    this.openKfIds = new Set(all.filter((one) => accounts.includes(one.name)).map((one) => one.openKfId));
    this.callback = {
      url: '',
      token: given.token ?? randomText(24),
      encodingAESKey: given.encodingAESKey ?? randomText(43),
    };
  }

  /** @throws Refused */
  requireManaged(openKfId: string): void {
    if (!this.openKfIds.has(openKfId)) throw new Refused(NOT_PERMITTED);
  }
}

/** At least one. */
export function newApps({ kind, apps, ...only }: AccessOptions, accounts: readonly KfAccount[]): App[] {
  const name = kind === 'built-in' || kind === 'stand-alone' ? '微信客服' : '自建应用';
  const all = apps ?? [{ ...only, name, accounts: accounts.map((account) => account.name) }];
  return all.map((app) => new App(app, accounts));
}
