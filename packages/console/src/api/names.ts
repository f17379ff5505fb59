import { useKnownAccounts } from './accounts.js';
import { useKnownApps } from './apps.js';
import { useKnownBots } from './bots.js';
import { type OfAccount, takerOf } from './taker-of.js';

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
    corpNameOf: (corpId: string) => apps.find((app) => app.corpId === corpId)?.name || null,
  };
}
