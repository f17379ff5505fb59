import { useKnownAccounts } from './accounts.js';
import { useKnownApps } from './apps.js';
import type { AppAnswer } from './answers.gen.js';
import { useKnownBots } from './bots.js';
import { type OfAccount, recipientOf } from './recipient-of.js';

type NamedApp = Pick<AppAnswer, 'corpId' | 'name'>;

/** By corp, empty without one. Of several apps all names: which of them has an account is not known. */
export function namesOfCorps(apps: readonly NamedApp[]): ReadonlyMap<string, string> {
  const groups = [...Map.groupBy(apps, ({ corpId }) => corpId)];
  const nameOf = (ofCorp: readonly NamedApp[]) =>
    [...new Set(ofCorp.map(({ name }) => name).filter((name) => name !== ''))].join(' / ');
  return new Map(groups.map(([corpId, ofCorp]) => [corpId, nameOf(ofCorp)]));
}

export const useCorpNames = () => namesOfCorps(useKnownApps().data?.items ?? []);

/** The names behind the ids of records: of the corp its app, of the account its bot. */
export function useNames() {
  const bots = useKnownBots().data?.items ?? [];
  const corps = useCorpNames();
  const accounts = useKnownAccounts().data?.items ?? [];
  return {
    bots,
    corps,
    botOf: (account: OfAccount) => recipientOf(bots, account),
    /** Also where a bot has the account, which registers no name. */
    accountNameOf: ({ corpId, openKfId, name }: OfAccount) =>
      name ??
      accounts.find((account) => account.corpId === corpId && account.openKfId === openKfId)?.name ??
      null,
    corpNameOf: (corpId: string) => corps.get(corpId) || null,
  };
}
