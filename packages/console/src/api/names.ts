import { useKnownAccounts } from './accounts.js';
import { useKnownApps } from './apps.js';
import type { AppAnswer } from './answers.gen.js';
import { useKnownBots } from './bots.js';
import { type OfAccount, takerOf } from './taker-of.js';

/** By corp, empty without one. Of several apps all names: which of them has an account is not known. */
export function namesOfCorps(apps: readonly AppAnswer[]): ReadonlyMap<string, string> {
  const groups = [...Map.groupBy(apps, ({ corpId }) => corpId)];
  const nameOf = (ofCorp: readonly AppAnswer[]) =>
    [...new Set(ofCorp.map(({ name }) => name).filter((name) => name !== ''))].join(' / ');
  return new Map(groups.map(([corpId, ofCorp]) => [corpId, nameOf(ofCorp)]));
}

/** The names behind the ids of records: of the corp its app, of the account its bot. */
export function useNames() {
  const bots = useKnownBots().data?.items ?? [];
  const apps = useKnownApps().data?.items ?? [];
  const accounts = useKnownAccounts().data?.items ?? [];
  return {
    bots,
    apps,
    botOf: (account: OfAccount) => takerOf(bots, account),
    /** Also where a bot has the account, which registers no name. */
    accountNameOf: ({ corpId, openKfId, name }: OfAccount) =>
      name ??
      accounts.find((account) => account.corpId === corpId && account.openKfId === openKfId)?.name ??
      null,
    corpNameOf: (corpId: string) => namesOfCorps(apps).get(corpId) || null,
  };
}
