import { useKnownApps } from '../api/apps.js';
import { t } from '../i18n/language.js';
import { ChoiceFilter } from './filters.js';

interface AppFilterProps {
  /** A corp id; empty for all. */
  readonly value: string;
  readonly onChange: (corpId: string) => void;
}

/** One of the corps that have an app here, by its name. */
export function AppFilter({ value, onChange }: AppFilterProps) {
  const apps = useKnownApps().data?.items ?? [];
  const names = new Map(apps.map(({ corpId, name }) => [corpId, name || corpId]));
  return (
    <ChoiceFilter
      label={t().outbox.app}
      value={value}
      options={[...names].map(([corpId, name]) => ({ value: corpId, label: name }))}
      onChange={onChange}
    />
  );
}
