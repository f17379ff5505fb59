import { Segmented, Skeleton } from 'antd';
import { lazy, Suspense } from 'react';
import { useSearch } from 'wouter';
import { navigate } from 'wouter/use-browser-location';
import { useAccountsOfWecom } from '../../api/accounts.js';
import { HISTORY_RANGES, useHistory, useStatus } from '../../api/status.js';
import { CauseList } from '../../components/causes/cause-list.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { t } from '../../i18n/language.js';
import { session } from '../../session/session.js';
import { PAGES } from '../../shell/paths.js';
import { useCell } from '../../state/cell.js';
import { Counters } from './counters.js';
import { Receivers } from './receivers.js';
import { ReplicaFacts } from './replica-facts.js';
import { VerdictStrip } from './verdict-strip.js';

/** The library that draws is as large as the rest of the page. */
const HistoryCharts = lazy(() => import('./history-charts.js'));

/** The operators' inbox: the verdict, what needs attention, and how it went. */
export default function OverviewPage() {
  const { overview } = t();
  const status = useStatus();
  useAccountsOfWecom();
  const isUnprotected = useCell(session)?.isAsked === false;
  return (
    <Page title={overview.title}>
      <Loaded of={status} skeleton={<StatusSkeleton />}>
        {(data) => (
          <>
            <VerdictStrip status={data} />
            {data.verdict.causes.length > 0 && (
              <CauseList causes={data.verdict.causes} caption={overview.attention} />
            )}
            {isUnprotected && <UnprotectedNote />}
            <Counters status={data} />
          </>
        )}
      </Loaded>
      <History />
      <Receivers />
      {status.data !== undefined && <ReplicaFacts status={status.data} />}
    </Page>
  );
}

/** What all replicas did. The range stands in the address. */
function History() {
  const { overview } = t();
  const asked = new URLSearchParams(useSearch()).get('range');
  const range = HISTORY_RANGES.find((known) => known === asked) ?? HISTORY_RANGES[0];
  const skeleton = <div className="charts-skeleton" />;
  return (
    <section>
      <div className="section-head">
        <h2>{overview.overTime}</h2>
        <Segmented
          size="small"
          aria-label={overview.range}
          value={range}
          options={HISTORY_RANGES.map((value) => ({ value, label: overview.ranges[value] }))}
          onChange={(value) => navigate(`${PAGES.overview}?range=${value}`, { replace: true })}
        />
      </div>
      <Loaded of={useHistory(range)} skeleton={skeleton}>
        {(history) => (
          <Suspense fallback={skeleton}>
            <HistoryCharts history={history} />
          </Suspense>
        )}
      </Loaded>
    </section>
  );
}

function UnprotectedNote() {
  const { overview } = t();
  return (
    <details className="note">
      <summary>{overview.unprotected}</summary>
      <p>{overview.unprotectedText}</p>
    </details>
  );
}

/** As high as a verdict without causes, and the counters. */
function StatusSkeleton() {
  return (
    <>
      <div className="strip quiet">
        <Skeleton active title={false} paragraph={{ rows: 1 }} />
      </div>
      <div className="counters skeleton" />
    </>
  );
}
