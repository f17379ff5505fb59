import type { HintList } from '../../api/hints.js';
import { useStatus } from '../../data/status-context.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** Links, since each list has an address of its own. */
export function HintTabs({ list }: { readonly list: HintList }) {
  const { outbox } = t();
  const counts = useStatus().data?.counts;
  const waiting = counts === undefined ? null : add(counts.waiting, counts.parked);
  return (
    <nav class="tabs" aria-label={outbox.lists}>
      <a href="/console/outbox" aria-current={list === 'waiting' ? 'page' : undefined}>
        {outbox.waiting} <TabCount count={waiting} />
      </a>
      <a href="/console/outbox?state=dead" aria-current={list === 'dead' ? 'page' : undefined}>
        {outbox.dead} <TabCount count={counts?.dead ?? null} />
      </a>
    </nav>
  );
}

function TabCount({ count }: { readonly count: number | null }) {
  return count === null ? null : <span class="tab-count">{formatNumber(count)}</span>;
}

function add(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
