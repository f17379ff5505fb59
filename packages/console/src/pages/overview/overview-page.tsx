import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { useStatus } from '../../data/status-context.js';
import { t } from '../../i18n/language.js';
import { session } from '../../session/session.js';
import { Charts } from './charts.js';
import { Figures } from './figures.js';
import { Notifications } from './notifications.js';
import { ReplicaFacts } from './replica-facts.js';
import { VerdictCard } from './verdict-card.js';

export function OverviewPage() {
  const status = useStatus();
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
      <Charts now={status.data?.counts} />
      <Notifications />
      {status.data !== null && <ReplicaFacts status={status.data} />}
    </Page>
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
