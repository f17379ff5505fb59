import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { HintAnswer } from '../../api/answers.gen.js';
import { type HintList, type HintListFilter, listHints } from '../../api/hints.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { PagedList } from '../../components/paged-list.js';
import { usePaged } from '../../data/paged.js';
import { useStatus } from '../../data/status-context.js';
import { t } from '../../i18n/language.js';
import { DropDialog } from './drop-dialog.js';
import { HintTable } from './hint-table.js';
import { OutboxFilterForm } from './outbox-filter-form.js';
import { countOf, OutboxTabs } from './outbox-tabs.js';
import { ReplayAll } from './replay-all.js';

export function OutboxPage() {
  const { outbox } = t();
  const { query, route } = useLocation();
  const status = useStatus();
  const list: HintList = query.state === 'dead' ? 'dead' : 'waiting';
  const { corpId = '', stage = '', arrivedAfter = '', arrivedBefore = '', sort = '' } = query;
  const filter: HintListFilter = { corpId, stage, arrivedAfter, arrivedBefore };
  const isFiltered = toQuery({ ...filter }) !== '';
  const goTo = (next: HintListFilter, order: string): void =>
    route(`/console/outbox${toQuery({ state: query.state, ...next, sort: order })}`, true);
  const paged = usePaged(toQuery({ list, ...filter, sort }), (cursor, signal) =>
    listHints(list, filter, sort, cursor, signal),
  );
  const [asked, setAsked] = useState<HintAnswer | null>(null);
  const refresh = (): void => {
    paged.refresh();
    status.refresh();
  };
  const canReplayAll = list === 'dead' && (paged.data?.items.length ?? 0) > 0;
  return (
    <Page
      title={outbox.title}
      intro={outbox.intro}
      actions={canReplayAll && <ReplayAll filter={filter} isFiltered={isFiltered} onChange={refresh} />}
    >
      <OutboxTabs tab={list} />
      <OutboxFilterForm filter={filter} onChange={(next) => goTo(next, sort)} />
      <PagedList
        of={paged}
        total={isFiltered ? null : countOf(list, status.data?.counts)}
        empty={isFiltered ? <NoMatch list={list} /> : <NoHints list={list} />}
      >
        {(rows) => (
          <HintTable
            list={list}
            rows={rows}
            sort={sort}
            onSort={(order) => goTo(filter, order)}
            onDrop={setAsked}
            onChange={refresh}
          />
        )}
      </PagedList>
      {asked !== null && (
        <DropDialog
          hint={asked}
          isThere={paged.data?.items.some(isSame(asked)) ?? false}
          onChange={refresh}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function isSame({ corpId, openKfId }: HintAnswer) {
  return (one: HintAnswer) => one.corpId === corpId && one.openKfId === openKfId;
}

function NoMatch({ list }: { readonly list: HintList }) {
  const { outbox } = t();
  return (
    <Empty title={outbox.noMatch} text={outbox.noMatchText}>
      <a class="button" href={`/console/outbox${list === 'dead' ? '?state=dead' : ''}`}>
        {outbox.clear}
      </a>
    </Empty>
  );
}

function NoHints({ list }: { readonly list: HintList }) {
  const { outbox } = t();
  return list === 'dead' ? (
    <Empty isGood title={outbox.nothingDead} text={outbox.nothingDeadText} />
  ) : (
    <Empty isGood title={outbox.nothingWaits} text={outbox.nothingWaitsText} />
  );
}
