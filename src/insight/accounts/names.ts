import { Injectable } from '@nestjs/common';
import { Accounts } from '../../registry/accounts/accounts.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import { KnownApps } from '../../registry/apps/known-apps.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { RegistryImage } from '../../registry/puppets/registry-image.js';
import type { Cause } from './cause.js';

/** What people call corps, bots and accounts, as far as it is in memory. */
@Injectable()
export class Names {
  constructor(
    private readonly apps: KnownApps,
    private readonly bots: KnownBots,
    private readonly accounts: Accounts,
    private readonly image: RegistryImage,
    private readonly known: KnownAccounts,
  ) {}

  /** The corps that somebody has registered, with an app, a bot or a puppet. */
  corpIds(): ReadonlySet<string> {
    const ofPuppets = [...this.image.accountCounts()].map(([corpId]) => corpId);
    return new Set([...[...this.apps.list(), ...this.bots.list()].map(({ corpId }) => corpId), ...ofPuppets]);
  }

  /** Those of its apps: with several, it is not known which of them has an account. */
  ofCorp(corpId: string): string | null {
    const names = this.apps.list().flatMap((app) => (app.corpId === corpId && app.name ? [app.name] : []));
    return [...new Set(names)].join(' / ') || null;
  }

  /** As WeCom has it, or as its puppet registered it. */
  ofAccount(corpId: string | null, openKfId: string): string | null {
    const listed = corpId === null ? null : this.known.listOf(corpId);
    return listed?.names.get(openKfId) || this.accounts.nameOf(openKfId);
  }

  of(cause: Cause): Cause {
    const { botId, corpId, openKfId } = cause;
    return {
      ...cause,
      botName: botId === null ? null : (this.bots.find(botId)?.name ?? null),
      corpName: corpId === null ? null : this.ofCorp(corpId),
      name: openKfId === null ? null : this.ofAccount(corpId, openKfId),
    };
  }
}
