import { Segmented } from 'antd';
import { countDead, type HintListFilter, replayDead, useHints } from '../../api/hints.js';
import { countDeadMessages, replayDeadMessages, useMessages } from '../../api/messages.js';
import { useStatus } from '../../api/status.js';
import { AccountFilter } from '../../components/account-filter.js';
import { AppFilter } from '../../components/app-filter.js';
import { ChoiceFilter, FilterBar, useFilters } from '../../components/filters.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { TimeRange } from '../../components/time-range.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { ReplayDead } from './replay-dead.js';
import { WaitingList } from './waiting-list.js';
import { rowOfHint, rowOfMessage } from './waiting-row.js';

/** What came in and no bot has taken: events and messages, that wait or are tried no more. */
export default function WaitingPage() {
  const { values } = useFilters('kind', 'state');
  const isDead = values.state === 'dead';
  const kind: Kind = values.kind === 'messages' ? 'messages' : 'events';
  const List = kind === 'messages' ? Messages : Events;
  return (
    <Page title={t().common.page.waiting}>
      <Segments kind={kind} isDead={isDead} />
      <List key={String(isDead)} isDead={isDead} />
    </Page>
  );
}

const EVENT_FILTERS = ['corpId', 'openKfId', 'stage', 'arrivedAfter', 'arrivedBefore'] as const;

function Events({ isDead }: { readonly isDead: boolean }) {
  const { failures, outbox } = t();
  const filters = useFilters(...EVENT_FILTERS);
  const order = useFilters('sort');
  const { values, set } = filters;
  const filter: HintListFilter = values;
  const isFiltered = EVENT_FILTERS.some((name) => values[name] !== '');
  const paged = useHints(isDead ? 'dead' : 'waiting', filter, order.values.sort);
  const reasons = Object.entries(failures).map(([value, { what }]) => ({ value, label: what }));
  return (
    <>
      <FilterBar filters={filters} names={EVENT_FILTERS}>
        <AppFilter value={values.corpId} onChange={(corpId) => set({ corpId })} />
        <AccountFilter value={values.openKfId} onChange={(openKfId) => set({ openKfId })} />
        <ChoiceFilter
          label={outbox.why}
          value={values.stage}
          options={reasons}
          onChange={(stage) => set({ stage })}
        />
        <TimeRange
          from={values.arrivedAfter}
          to={values.arrivedBefore}
          labels={[outbox.arrivedAfter, outbox.arrivedBefore]}
          onChange={(arrivedAfter, arrivedBefore) => set({ arrivedAfter, arrivedBefore })}
        />
      </FilterBar>
      <WaitingList
        of={paged}
        toRow={rowOfHint}
        caption={isDead ? outbox.deadTable : outbox.waitingTable}
        empty={<NothingOf kind="events" isDead={isDead} isFiltered={isFiltered} />}
        sort={{ by: order.values.sort, onSort: (sort) => order.set({ sort }) }}
        replayAll={
          isDead && (
            <ReplayDead
              isFiltered={isFiltered}
              count={() => countDead(filter)}
              replay={() => replayDead(filter)}
              words={{
                ask: outbox.replayAllAsk,
                what: outbox.replayAllWhat,
                done: outbox.replayedAll,
                none: outbox.replayedNone,
              }}
            />
          )
        }
      />
    </>
  );
}

const MESSAGE_FILTERS = ['corpId', 'openKfId'] as const;

function Messages({ isDead }: { readonly isDead: boolean }) {
  const { messages } = t();
  const filters = useFilters(...MESSAGE_FILTERS);
  const { corpId, openKfId } = filters.values;
  const isFiltered = corpId !== '' || openKfId !== '';
  const paged = useMessages({ state: isDead ? 'dead' : 'waiting', corpId, openKfId });
  // The API sends all of a corp again, and not all of an account.
  const canReplay = isDead && openKfId === '';
  return (
    <>
      <FilterBar filters={filters} names={MESSAGE_FILTERS}>
        <AppFilter value={corpId} onChange={(chosen) => filters.set({ corpId: chosen })} />
        <AccountFilter value={openKfId} onChange={(chosen) => filters.set({ openKfId: chosen })} />
      </FilterBar>
      <WaitingList
        of={paged}
        toRow={rowOfMessage}
        caption={isDead ? messages.deadTable : messages.waitingTable}
        empty={<NothingOf kind="messages" isDead={isDead} isFiltered={isFiltered} />}
        replayAll={
          canReplay && (
            <ReplayDead
              isFiltered={corpId !== ''}
              count={() => countDeadMessages(corpId)}
              replay={() => replayDeadMessages(corpId)}
              words={{
                ask: messages.replayAllAsk,
                what: messages.replayAllWhat,
                done: messages.replayedAll,
                none: messages.replayedNone,
              }}
            />
          )
        }
      />
    </>
  );
}

type Kind = 'events' | 'messages';

interface NothingOfProps {
  readonly kind: Kind;
  readonly isDead: boolean;
  readonly isFiltered: boolean;
}

function NothingOf({ kind, isDead, isFiltered }: NothingOfProps) {
  const { outbox, messages } = t();
  if (isFiltered) return <Nothing title={outbox.noMatch} text={outbox.noMatchText} />;
  const words = kind === 'events' ? outbox : messages;
  return isDead ? (
    <Nothing title={words.nothingDead} text={words.nothingDeadText} />
  ) : (
    <Nothing title={words.nothingWaits} text={words.nothingWaitsText} />
  );
}

/** Which list is seen, and how much is in each. Another list has other filters. */
function Segments({ kind, isDead }: { readonly kind: Kind; readonly isDead: boolean }) {
  const { outbox } = t();
  const counts = useStatus().data?.counts;
  const { set } = useFilters('kind', 'state', ...EVENT_FILTERS, ...MESSAGE_FILTERS, 'sort');
  const go = (next: Kind, state: string): void =>
    set({
      kind: next === 'events' ? '' : next,
      state: state === 'dead' ? state : '',
      ...{ stage: '', arrivedAfter: '', arrivedBefore: '', sort: '' },
    });
  const isEvents = kind === 'events';
  const waiting = isEvents ? sum(counts?.waiting, counts?.parked) : sum(counts?.waitingMessages);
  const dead = isEvents ? sum(counts?.dead) : sum(counts?.deadMessages);
  return (
    <div className="filters">
      <Segmented<Kind>
        aria-label={outbox.kind}
        value={kind}
        options={[
          {
            value: 'events',
            label: counted(outbox.kinds.events, sum(counts?.waiting, counts?.parked, counts?.dead)),
          },
          {
            value: 'messages',
            label: counted(outbox.kinds.messages, sum(counts?.waitingMessages, counts?.deadMessages)),
          },
        ]}
        onChange={(chosen) => go(chosen, isDead ? 'dead' : '')}
      />
      <Segmented<string>
        aria-label={outbox.lists}
        value={isDead ? 'dead' : 'waiting'}
        options={[
          { value: 'waiting', label: counted(outbox.waiting, waiting) },
          { value: 'dead', label: counted(outbox.dead, dead) },
        ]}
        onChange={(chosen) => go(kind, chosen)}
      />
    </div>
  );
}

function counted(text: string, count: number | null): string {
  return count === null ? text : `${text} ${formatNumber(count)}`;
}

/** null where one of them is not known. */
function sum(...counts: readonly (number | null | undefined)[]): number | null {
  let all = 0;
  for (const count of counts) {
    if (count === null || count === undefined) return null;
    all += count;
  }
  return all;
}
