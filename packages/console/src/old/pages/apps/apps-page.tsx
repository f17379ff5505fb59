import { listApps } from '../../api/apps.js';
import { listRefusedCallbacks } from '../../api/refused-callbacks.js';
import { Empty } from '../../components/empty.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { AppCard } from './app-card.js';

const EVERY_MS = 3_000;
/** The delivery log is searched for them. */
const REFUSED_EVERY_MS = 10_000;

export function AppsPage() {
  const { apps } = t();
  const polled = usePolled('apps', listApps, EVERY_MS);
  const refused = usePolled('refused', (signal) => listRefusedCallbacks({}, signal), REFUSED_EVERY_MS);
  const connect = (
    <a class="button primary" href="/console/apps/connect">
      {apps.connect}
    </a>
  );
  const isEmpty = polled.data?.length === 0;
  return (
    <Page title={apps.title} intro={apps.intro} actions={!isEmpty && connect}>
      <Loaded of={polled}>
        {(list) =>
          list.length === 0 ? (
            <Empty title={apps.nothing} text={apps.nothingText}>
              {connect}
            </Empty>
          ) : (
            <div class="cards">
              {list.map((app) => (
                <AppCard
                  key={app.id}
                  app={app}
                  refused={refused.data?.items ?? []}
                  onChange={polled.refresh}
                />
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}
