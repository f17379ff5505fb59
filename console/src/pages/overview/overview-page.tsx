import type { HistoryAnswer, StatusAnswer } from '../../api/answers.gen.js';
import { getHistory } from '../../api/status.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { usePolled } from '../../data/polled.js';
import { useStatus } from '../../data/status-context.js';
import { t } from '../../i18n/language.js';
import { session } from '../../session/session.js';
import { Figures } from './figures.js';
import { HistoryChart } from './history-chart.js';
import { ReplicaFacts } from './replica-facts.js';
import { VerdictCard } from './verdict-card.js';

const HISTORY_EVERY_MS = 5_000;

export function OverviewPage() {
  const status = useStatus();
  const history = usePolled('history', getHistory, HISTORY_EVERY_MS);
  return (
    <Page title={t().overview.title}>
      <Loaded of={status}>
        {(data) => (
          <>
            <VerdictCard status={data} />
            {session.value?.isAsked === false && <UnprotectedNotice />}
            <Figures status={data} />
          </>
        )}
      </Loaded>
      <Loaded of={history}>{(data) => <Charts history={data} now={status.data?.counts} />}</Loaded>
      {status.data !== null && <ReplicaFacts status={status.data} />}
    </Page>
  );
}

interface ChartsProps {
  readonly history: HistoryAnswer;
  readonly now: StatusAnswer['counts'] | undefined;
}

function Charts({ history, now }: ChartsProps) {
  const { overview } = t();
  return (
    <div class="charts">
      <HistoryChart
        title={overview.flow}
        unit={overview.flowUnit(history.intervalS)}
        lines={['callbacks', 'delivered', 'kept', 'refused', 'notTaken']}
        isSum
        history={history}
      />
      <HistoryChart
        title={overview.backlog}
        unit={overview.backlogUnit}
        lines={['waiting', 'dead']}
        isSum={false}
        now={now}
        history={history}
      />
    </div>
  );
}

function UnprotectedNotice() {
  const { overview } = t();
  return (
    <div class="banner wait">
      <strong>{overview.unprotected}</strong>
      <p class="small">{overview.unprotectedText}</p>
    </div>
  );
}
