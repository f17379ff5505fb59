import type { HintListFilter } from '../../api/hints.js';
import { TextFilter } from '../../components/text-filter.js';
import { TimeFilter } from '../../components/time-filter.js';
import { t } from '../../i18n/language.js';

interface OutboxFilterFormProps {
  readonly filter: HintListFilter;
  readonly onChange: (filter: HintListFilter) => void;
}

export function OutboxFilterForm({ filter, onChange }: OutboxFilterFormProps) {
  const { accounts, common, failures, outbox } = t();
  return (
    <search class="filters">
      <TextFilter
        label={accounts.corpIdWhole}
        value={filter.corpId}
        onChange={(corpId) => onChange({ ...filter, corpId })}
      />
      <div class="filter">
        <label for="outbox-stage">{outbox.why}</label>
        <select
          id="outbox-stage"
          value={filter.stage}
          onChange={({ currentTarget }) => onChange({ ...filter, stage: currentTarget.value })}
        >
          <option value="">{common.all}</option>
          {Object.entries(failures).map(([stage, { what }]) => (
            <option key={stage} value={stage}>
              {what}
            </option>
          ))}
        </select>
      </div>
      <TimeFilter
        label={outbox.arrivedAfter}
        value={filter.arrivedAfter}
        onChange={(arrivedAfter) => onChange({ ...filter, arrivedAfter })}
      />
      <TimeFilter
        label={outbox.arrivedBefore}
        value={filter.arrivedBefore}
        onChange={(arrivedBefore) => onChange({ ...filter, arrivedBefore })}
      />
    </search>
  );
}
