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
  const sort = query.sort ?? '';
  const isFiltered = toQuery({ ...filter }) !== '';
  const goTo = (next: AccountFilter, order: string): void =>
    route(`/console/kf-accounts${toQuery({ ...next, sort: order })}`, true);
  const paged = usePaged(toQuery({ ...filter, sort }), (cursor, signal) =>
    listAccounts(filter, sort, cursor, signal),
  );
  return (
    <Page title={accounts.title} intro={accounts.intro}>
      <AccountFilterForm filter={filter} onChange={(next) => goTo(next, sort)} />
      <p class="muted small list-note">
        {sort === 'waitingSince' ? accounts.onlyWaiting : accounts.ofLastHour}
      </p>
      <PagedList
        of={paged}
        empty={<NoAccounts isFiltered={isFiltered || sort !== ''} state={filter.state} />}
      >
        {(rows) => <AccountTable rows={rows} sort={sort} onSort={(order) => goTo(filter, order)} />}
      </PagedList>
    </Page>
  );
}

function NoAccounts({ isFiltered, state }: { readonly isFiltered: boolean; readonly state: string }) {
  const { accounts, overview } = t();
  if (isFiltered)
    return (
      <Empty title={accounts.noMatch} text={accounts.noMatchText}>
        <div class="actions">
          <a class="button" href="/console/kf-accounts">
            {accounts.clear}
          </a>
          {/* That of accounts that no puppet has registered, too. */}
          {state === 'waiting' && (
            <a class="button" href="/console/outbox">
              {overview.toOutbox}
            </a>
          )}
          {state === 'dead' && (
            <a class="button" href="/console/outbox?state=dead">
              {overview.toDead}
            </a>
          )}
        </div>
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
