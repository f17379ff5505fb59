import { useCorpNames } from '../api/names.js';
import { t } from '../i18n/language.js';
import { ChoiceFilter } from './filters.js';

interface AppFilterProps {
  /** A corp id; empty for all. */
  readonly value: string;
  readonly onChange: (corpId: string) => void;
}

/** One of the corps that have an app here, by its name. */
export function AppFilter({ value, onChange }: AppFilterProps) {
  return (
    <ChoiceFilter
      label={t().outbox.app}
      value={value}
      options={[...useCorpNames()].map(([corpId, name]) => ({ value: corpId, label: name || corpId }))}
      onChange={onChange}
    />
  );
}
