import type { AccountFilter } from '../../api/kf-accounts.js';
import { TextFilter } from '../../components/text-filter.js';
import { t } from '../../i18n/language.js';
import { ACCOUNT_TONES } from './account-tone.js';

interface AccountFilterFormProps {
  readonly filter: AccountFilter;
  readonly onChange: (filter: AccountFilter) => void;
}

export function AccountFilterForm({ filter, onChange }: AccountFilterFormProps) {
  const { accounts, common } = t();
  return (
    <search class="filters">
      <TextFilter
        label={accounts.search}
        value={filter.q}
        isWide
        onChange={(q) => onChange({ ...filter, q })}
      />
      <div class="filter">
        <label for="account-state">{accounts.state}</label>
        <select
          id="account-state"
          value={filter.state}
          onChange={({ currentTarget }) => onChange({ ...filter, state: currentTarget.value })}
        >
          <option value="">{common.all}</option>
          {Object.keys(ACCOUNT_TONES).map((state) => (
            <option key={state} value={state}>
              {accounts.states[state as keyof typeof ACCOUNT_TONES]}
            </option>
          ))}
        </select>
      </div>
      <TextFilter
        label={accounts.corpIdWhole}
        value={filter.corpId}
        onChange={(corpId) => onChange({ ...filter, corpId })}
      />
    </search>
  );
}
