import { Segmented } from 'antd';
import type { useNames } from '../../api/names.js';
import { AccountFilter } from '../../components/account-filter.js';
import { AppFilter } from '../../components/app-filter.js';
import { ChoiceFilter, FilterBar, type Filters, SearchFilter } from '../../components/filters.js';
import { TimeRange } from '../../components/time-range.js';
import { t } from '../../i18n/language.js';
import { isRange, rangeOf, RANGES } from './time-range.js';

/** What can be looked for; the addresses of lists have these names. */
export const FILTERS = ['q', 'outcome', 'corpId', 'openKfId', 'botId', 'range', 'from', 'to'] as const;
export type LogFilters = Filters<(typeof FILTERS)[number]>;

interface LogFiltersProps {
  readonly filters: LogFilters;
  readonly names: ReturnType<typeof useNames>;
  /** What is looked for now; a range of one's own begins there. */
  readonly times: { readonly from: string };
}

export function LogFilterBar({ filters, names, times }: LogFiltersProps) {
  const { log, live } = t();
  const { values, set } = filters;
  const range = rangeOf(values);
  const outcomes = Object.entries(log.outcomes).map(([value, label]) => ({ value, label }));
  return (
    <FilterBar filters={filters} names={FILTERS}>
      <SearchFilter value={values.q} placeholder={log.query} onChange={(q) => set({ q }, true)} />
      <ChoiceFilter
        label={live.outcome}
        value={values.outcome}
        options={outcomes}
        onChange={(outcome) => set({ outcome })}
      />
      <AppFilter value={values.corpId} onChange={(corpId) => set({ corpId })} />
      <AccountFilter value={values.openKfId} onChange={(openKfId) => set({ openKfId })} />
      <ChoiceFilter
        label={log.bot}
        value={values.botId}
        options={names.bots.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(botId) => set({ botId })}
      />
      <Segmented
        aria-label={log.range}
        value={range}
        options={[...Object.keys(RANGES), 'custom'].filter(isRange).map((value) => ({
          value,
          label: log.ranges[value],
        }))}
        onChange={(chosen) => set({ range: chosen, from: chosen === 'custom' ? times.from : '', to: '' })}
      />
      {range === 'custom' && (
        <TimeRange
          from={values.from}
          to={values.to}
          onChange={(from, to) => set({ range: 'custom', from, to })}
        />
      )}
    </FilterBar>
  );
}
