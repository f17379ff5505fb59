import { useLocation } from 'preact-iso/router';
import { type HintList, listHints } from '../../api/hints.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { Pager } from '../../components/pager.js';
import { usePaged } from '../../data/paged.js';
import { useStatus } from '../../data/status-context.js';
import { t } from '../../i18n/language.js';
import { HintTable } from './hint-table.js';
import { HintTabs } from './hint-tabs.js';
import { ReplayAll } from './replay-all.js';

export function OutboxPage() {
  const { outbox } = t();
  const { query } = useLocation();
  const status = useStatus();
  const list: HintList = query.state === 'dead' ? 'dead' : 'waiting';
  const corpId = query.corpId ?? '';
  const paged = usePaged(toQuery({ list, corpId }), (cursor, signal) =>
    listHints(list, corpId, cursor, signal),
  );
  const refresh = (): void => {
    paged.refresh();
    status.refresh();
  };
  const canReplayAll = list === 'dead' && (paged.data?.items.length ?? 0) > 0;
  return (
    <Page
      title={outbox.title}
      intro={outbox.intro}
      actions={canReplayAll && <ReplayAll corpId={corpId} onChange={refresh} />}
    >
      <HintTabs list={list} />
      <Loaded of={paged}>
        {({ items }) =>
          items.length === 0 ? (
            <NoHints list={list} />
          ) : (
            <>
              <HintTable list={list} rows={items} onChange={refresh} />
              <Pager of={paged} />
            </>
          )
        }
      </Loaded>
    </Page>
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
