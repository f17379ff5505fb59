import { listRefusedCallbacks } from '../../api/refused-callbacks.js';
import { Empty } from '../../components/empty.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { DeliveryTabs } from './delivery-tabs.js';
import { RefusedTable } from './refused-table.js';

const EVERY_MS = 5_000;

export function RefusedPage() {
  const { live, log, refusals } = t();
  const polled = usePolled('refused', (signal) => listRefusedCallbacks({}, signal), EVERY_MS);
  return (
    <Page title={live.title} intro={refusals.intro}>
      <DeliveryTabs tab="refused" />
      <Loaded of={polled}>
        {({ items, isWhole, days }) =>
          items.length === 0 ? (
            <Empty
              isGood={days > 0}
              title={days === 0 ? log.off : refusals.nothing}
              text={days === 0 ? '' : refusals.nothingText}
            />
          ) : (
            <>
              {!isWhole && <p class="muted small">{refusals.notWhole}</p>}
              <RefusedTable rows={items} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
