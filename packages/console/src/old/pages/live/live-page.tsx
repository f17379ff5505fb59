import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { DeliveryFilter } from '../../api/deliveries.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { Problem } from '../../components/problem.js';
import { t } from '../../i18n/language.js';
import { ROWS_MAX, useDeliveryFeed } from './delivery-feed.js';
import { DeliveryTable } from './delivery-table.js';
import { DeliveryTabs } from '../log/delivery-tabs.js';
import { LiveFilterForm } from './live-filter-form.js';
import { StreamLine } from './stream-line.js';

export function LivePage() {
  const { live } = t();
  const { query, route } = useLocation();
  const filter: DeliveryFilter = { openKfId: query.openKfId ?? '', outcome: query.outcome ?? '' };
  const [isPaused, setPaused] = useState(false);
  const feed = useDeliveryFeed(filter, isPaused);
  return (
    <Page title={live.title} intro={live.intro}>
      <DeliveryTabs tab="live" />
      <LiveFilterForm
        filter={filter}
        onChange={(next) => route(`/console/live${toQuery({ ...next })}`, true)}
      />
      <StreamLine feed={feed} isPaused={isPaused} onPause={() => setPaused(!isPaused)} />
      {feed.error !== null && <Problem error={feed.error} />}
      {feed.rows.length === 0 ? (
        <Empty title={live.nothing} text={live.nothingText} />
      ) : (
        <DeliveryTable rows={feed.rows} />
      )}
      {feed.rows.length === ROWS_MAX && <p class="muted small">{live.shown(ROWS_MAX)}</p>}
    </Page>
  );
}
