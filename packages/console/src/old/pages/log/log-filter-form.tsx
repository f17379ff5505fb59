import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import type { LogFilter } from '../../api/deliveries.js';
import { TextFilter } from '../../components/text-filter.js';
import { TimeFilter } from '../../components/time-filter.js';
import { t } from '../../i18n/language.js';

interface LogFilterFormProps {
  readonly filter: LogFilter;
  readonly onChange: (filter: LogFilter) => void;
}

export function LogFilterForm({ filter, onChange }: LogFilterFormProps) {
  const { log, live, common } = t();
  const outcomes = Object.entries(log.outcomes);
  return (
    <search class="filters">
      <TextFilter label={log.query} value={filter.q} isWide onChange={(q) => onChange({ ...filter, q })} />
      <TextFilter
        label={live.account}
        value={filter.openKfId}
        onChange={(openKfId) => onChange({ ...filter, openKfId })}
      />
      <div class="filter">
        <label for="log-outcome">{live.outcome}</label>
        <select
          id="log-outcome"
          value={filter.outcome}
          onChange={({ currentTarget }) =>
            onChange({ ...filter, outcome: currentTarget.value as LoggedDeliveryAnswer['outcome'] })
          }
        >
          <option value="">{common.all}</option>
          {outcomes.map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <TimeFilter label={log.from} value={filter.from} onChange={(from) => onChange({ ...filter, from })} />
      <TimeFilter label={log.to} value={filter.to} onChange={(to) => onChange({ ...filter, to })} />
    </search>
  );
}
