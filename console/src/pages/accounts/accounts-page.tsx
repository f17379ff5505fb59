import { useLocation } from 'preact-iso/router';
import { type AccountFilter, listAccounts } from '../../api/kf-accounts.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { PagedList } from '../../components/paged-list.js';
import { usePaged } from '../../data/paged.js';
import { t } from '../../i18n/language.js';
import { AccountFilterForm } from './account-filter-form.js';
import { AccountTable } from './account-table.js';

/** The filter stands in the address, so that it survives a look at an account, and can be sent to somebody. */
export function AccountsPage() {
  const { accounts } = t();
  const { query, route } = useLocation();
  const filter: AccountFilter = { q: query.q ?? '', state: query.state ?? '', corpId: query.corpId ?? '' };
  const address = toQuery({ ...filter });
  const paged = usePaged(address, (cursor, signal) => listAccounts(filter, cursor, signal));
  return (
    <Page title={accounts.title} intro={accounts.intro}>
      <AccountFilterForm
        filter={filter}
        onChange={(next) => route(`/console/kf-accounts${toQuery({ ...next })}`, true)}
      />
      <PagedList of={paged} empty={<NoAccounts isFiltered={address !== ''} />}>
        {(rows) => <AccountTable rows={rows} />}
      </PagedList>
    </Page>
  );
}

function NoAccounts({ isFiltered }: { readonly isFiltered: boolean }) {
  const { accounts, overview } = t();
  if (isFiltered)
    return (
      <Empty title={accounts.noMatch} text={accounts.noMatchText}>
        <a class="button" href="/console/kf-accounts">
          {accounts.clear}
        </a>
      </Empty>
    );
  return (
    <Empty title={accounts.nothing} text={accounts.nothingText}>
      <a class="button primary" href="/console/apps/connect">
        {overview.toApps}
      </a>
    </Empty>
  );
}
