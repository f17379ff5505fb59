import type { RefusedCallbackAnswer } from '../../api/answers.gen.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { refusalOf } from '../log/refusal.js';

const SHOWN_MAX = 3;

interface RefusedOfAppProps {
  readonly corpId: string;
  /** Of all corps, the latest first. */
  readonly refused: readonly RefusedCallbackAnswer[];
}

/** Callbacks of the corp that were refused within the last day: why, from where, and what to do. Nothing where there are none. */
export function RefusedOfApp({ corpId, refused }: RefusedOfAppProps) {
  const { apps, refusals } = t();
  const items = refused.filter((item) => item.corpId === corpId);
  if (items.length === 0) return null;
  const more = items.length - SHOWN_MAX;
  return (
    <div class="banner bad refused">
      <h3>{apps.refused}</h3>
      <ul>
        {items.slice(0, SHOWN_MAX).map((item) => (
          <Refusal key={`${item.reason} ${item.source}`} item={item} />
        ))}
      </ul>
      <a class="small" href="/console/live/refused">
        {more > 0 ? apps.refusedMore(formatNumber(more)) : refusals.tab}
      </a>
    </div>
  );
}

function Refusal({ item }: { readonly item: RefusedCallbackAnswer }) {
  const { apps } = t();
  const { what, remedy } = refusalOf(item);
  return (
    <li>
      <strong>{apps.refusedFrom(item.source ?? '', what)}</strong>{' '}
      <span class="small">
        {apps.refusedTimes(formatNumber(item.count))}, <TimeAgo at={item.lastAt} />
      </span>
      <p class="small">{remedy}</p>
    </li>
  );
}
