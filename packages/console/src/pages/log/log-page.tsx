import { ArrowUpOutlined } from '@ant-design/icons';
import { Button, Segmented } from 'antd';
import { useReach } from '../../api/deliveries.js';
import { useNames } from '../../api/names.js';
import { useFilters } from '../../components/filters.js';
import { LinkButton } from '../../components/link-button.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { formatNumber, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { LogFilterBar, FILTERS } from './log-filters.js';
import { type StreamState, useLogFeed, useStream } from './log-feed.js';
import { LogTable } from './log-table.js';
import { RefusedView } from './refused-view.js';
import { StoryPanel } from './story-panel.js';
import { useTimes } from './time-range.js';

/** What became of each event and message, the newest first: as it happens, and for as long as the log is kept. */
export default function LogPage() {
  const { log, common, refusals } = t();
  const { values, set } = useFilters('show');
  const isRefused = values.show === 'refused';
  const names = useNames();
  return (
    <Page
      title={common.page.log}
      actions={
        <Segmented
          aria-label={log.show}
          value={isRefused ? 'refused' : 'all'}
          options={[
            { value: 'all', label: log.all },
            { value: 'refused', label: refusals.tab },
          ]}
          onChange={(show) => set({ show: show === 'all' ? '' : show })}
        />
      }
    >
      {isRefused ? <RefusedView names={names} /> : <Records names={names} />}
    </Page>
  );
}

function Records({ names }: { readonly names: ReturnType<typeof useNames> }) {
  const { log } = t();
  const filters = useFilters(...FILTERS);
  const panel = useFilters('record');
  const { q, outcome, corpId, openKfId, botId } = filters.values;
  const times = useTimes(filters.values);
  const { paged, fresh, show } = useLogFeed({ q, outcome, corpId, openKfId, botId, ...times });
  const { record } = panel.values;
  const open = (id: string): void => panel.set({ record: id });
  return (
    <>
      <LogFilterBar filters={filters} names={names} times={times} />
      <div className="log-line">
        <Reach />
        <StreamLine openKfId={openKfId} />
        <span role="status">
          {fresh > 0 && (
            <Button
              type="primary"
              size="small"
              icon={<ArrowUpOutlined />}
              onClick={() => {
                show();
                scrollTo(0, 0);
              }}
            >
              {log.fresh(formatNumber(fresh))}
            </Button>
          )}
        </span>
      </div>
      <LogTable
        of={paged}
        names={names}
        empty={<NothingFound />}
        open={record}
        hrefOf={(id) => hrefWith(id)}
        onOpen={open}
      />
      <StoryPanel id={record} names={names} onOpen={open} onClose={() => panel.set({ record: '' })} />
    </>
  );
}

/** In a log that has nothing at all, what comes first. */
function NothingFound() {
  const { log, causes } = t();
  const reach = useReach().data;
  if (reach === undefined || reach.days === 0 || reach.since !== null)
    return <Nothing title={log.nothing} text={log.nothingText} />;
  return (
    <Nothing title={log.empty} text={log.emptyText}>
      <LinkButton href={pathOf.connectApp}>{causes.connectApp}</LinkButton>
    </Nothing>
  );
}

/** The list as it is, with the record open. */
function hrefWith(id: string): string {
  const query = new URLSearchParams(location.search);
  query.set('record', id);
  return `${location.pathname}?${query}`;
}

/** How far back the log reaches. */
function Reach() {
  const { log } = t();
  const { data } = useReach();
  if (data === undefined) return <span className="small muted grow" />;
  const { since, days } = data;
  const known = since === null ? log.empty : log.since(formatSince(since), days);
  return <span className="small muted grow">{days === 0 ? log.off : known}</span>;
}

const TONES: Readonly<Record<StreamState, string>> = { connecting: 'quiet', open: 'good', lost: 'wait' };

/** Whether the list hears at once of what is delivered. */
function StreamLine({ openKfId }: { readonly openKfId: string }) {
  const { live } = t();
  const { state, replica } = useStream(openKfId);
  const text = { connecting: live.connecting, open: live.open(replica), lost: live.lost }[state];
  return (
    <span className={`stream small ${TONES[state]}`} role="status">
      <span className="dot" aria-hidden="true" />
      <span>{text}</span>
    </span>
  );
}
