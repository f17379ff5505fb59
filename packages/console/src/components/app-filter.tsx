import { useKnownApps } from '../api/apps.js';
import { namesOfCorps } from '../api/names.js';
import { t } from '../i18n/language.js';
import { ChoiceFilter } from './filters.js';

interface AppFilterProps {
  /** A corp id; empty for all. */
  readonly value: string;
  readonly onChange: (corpId: string) => void;
}

/** One of the corps that have an app here, by its name. */
export function AppFilter({ value, onChange }: AppFilterProps) {
  const names = namesOfCorps(useKnownApps().data?.items ?? []);
  return (
    <ChoiceFilter
      label={t().outbox.app}
      value={value}
      options={[...names].map(([corpId, name]) => ({ value: corpId, label: name || corpId }))}
      onChange={onChange}
    />
  );
}
