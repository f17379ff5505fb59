/** PromQL of the replicas that are picked in the dashboard. */

export interface Query {
  readonly expr: string;
  /** Of a series, in Grafana's own templating. */
  readonly legend: string;
}

const WINDOW = '[$__rate_interval]';

/** @param match what else the labels have to be, as in `result="ok"`. */
export function picked(metric: string, match = ''): string {
  return `${metric}{job=~"$job",instance=~"$instance"${match && `,${match}`}}`;
}

/** How often a second, over all replicas, for each value of the labels. */
export function rateBy(labels: string, counter: string, match = ''): string {
  return `sum by (${labels}) (rate(${picked(counter, match)}${WINDOW}))`;
}

/** For what is of the whole store, and so the same on every replica. */
export function maxBy(labels: string, gauge: string, match = ''): string {
  return `max by (${labels}) (${picked(gauge, match)})`;
}

export function sumBy(labels: string, gauge: string, match = ''): string {
  return `sum by (${labels}) (${picked(gauge, match)})`;
}

/** The middle and the slowest hundredth, over all replicas. */
export function quantiles(histogram: string, { labels = '', match = '' } = {}): Query[] {
  const by = labels === '' ? 'le' : `le, ${labels}`;
  const suffix = labels === '' ? '' : ` {{${labels}}}`;
  const buckets = rateBy(by, `${histogram}_bucket`, match);
  return [
    { expr: `histogram_quantile(0.5, ${buckets})`, legend: `p50${suffix}` },
    { expr: `histogram_quantile(0.99, ${buckets})`, legend: `p99${suffix}` },
  ];
}
