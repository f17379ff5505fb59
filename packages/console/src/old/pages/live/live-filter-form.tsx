import type { DeliveryFilter } from '../../api/deliveries.js';
import { TextFilter } from '../../components/text-filter.js';
import { t } from '../../i18n/language.js';

interface LiveFilterFormProps {
  readonly filter: DeliveryFilter;
  readonly onChange: (filter: DeliveryFilter) => void;
}

export function LiveFilterForm({ filter, onChange }: LiveFilterFormProps) {
  const { live } = t();
  return (
    <search class="filters">
      <TextFilter
        label={live.account}
        value={filter.openKfId}
        isWide
        onChange={(openKfId) => onChange({ ...filter, openKfId })}
      />
      <div class="filter">
        <label for="live-outcome">{live.outcome}</label>
        <select
          id="live-outcome"
          value={filter.outcome}
          onChange={({ currentTarget }) => onChange({ ...filter, outcome: currentTarget.value })}
        >
          <option value="">{t().common.all}</option>
          <option value="taken">{live.outcomes.taken}</option>
          <option value="not_taken">{live.outcomes.not_taken}</option>
        </select>
      </div>
    </search>
  );
}
