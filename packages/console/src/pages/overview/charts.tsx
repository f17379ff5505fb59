import { useLocation } from 'preact-iso/router';
import type { StatusAnswer } from '../../api/answers.gen.js';
import { getHistory, HISTORY_RANGES, type HistoryRange } from '../../api/status.js';
import { Loaded } from '../../components/loaded.js';
import { usePolled } from '../../data/polled.js';
import { formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { HistoryChart } from './history-chart.js';

const EVERY_MS = 5_000;

/** What all replicas did. The range stands in the address. */
export function Charts({ now }: { readonly now: StatusAnswer['counts'] | undefined }) {
  const { overview } = t();
  const { query } = useLocation();
  const range = HISTORY_RANGES.find((known) => known === query.range) ?? HISTORY_RANGES[0];
  const history = usePolled(`history ${range}`, (signal) => getHistory(range, signal), EVERY_MS);
  return (
    <section>
      <h2>{overview.overTime}</h2>
      <Ranges chosen={range} />
      <Loaded of={history}>
        {(data) => (
          <>
            {!data.isStored && <p class="small muted">{overview.notStored}</p>}
            <div class="charts">
              <HistoryChart
                title={overview.flow}
                unit={overview.flowUnit(formatSeconds(data.intervalS))}
                names={['delivered', 'kept', 'refused', 'notTaken']}
                history={data}
              />
              <HistoryChart
                title={overview.settled}
                unit={overview.settledUnit(formatSeconds(data.intervalS))}
                names={['deliveredLater', 'buried']}
                history={data}
              />
              <HistoryChart
                title={overview.backlog}
                unit={overview.backlogUnit}
                names={['waiting', 'dead']}
                now={now ?? {}}
                history={data}
              />
            </div>
          </>
        )}
      </Loaded>
    </section>
  );
}

function Ranges({ chosen }: { readonly chosen: HistoryRange }) {
  const { overview } = t();
  const { route } = useLocation();
  return (
    <div class="actions ranges" role="group" aria-label={overview.range}>
      {HISTORY_RANGES.map((range) => (
        <button
          key={range}
          type="button"
          class="button"
          aria-pressed={range === chosen}
          onClick={() => route(`/console?range=${range}`, true)}
        >
          {overview.ranges[range]}
        </button>
      ))}
    </div>
  );
}
