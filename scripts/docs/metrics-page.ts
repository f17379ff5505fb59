/** docs/reference/metrics.md and its Chinese page: only their table of all metrics is written, the text around it stays. */
import { readFileSync } from 'node:fs';
import { METRICS, type MetricName } from '../../src/metrics/metric-table.js';
import { markdownTable } from './markdown-table.js';

/** The page in one language, and what its table says. */
export interface MetricsWords {
  readonly page: string;
  readonly head: readonly string[];
  readonly meaningOf: (name: MetricName) => string;
}

export const ENGLISH_METRICS: MetricsWords = {
  page: 'docs/reference/metrics.md',
  head: ['name', 'type', 'labels', 'over replicas', 'meaning'],
  meaningOf: (name) => METRICS[name].meaning,
};

/** @throws Error when the page has no table with this head. */
export function metricsPage({ page, head, meaningOf }: MetricsWords): string {
  const text = readFileSync(page, 'utf8');
  const start = text.indexOf(markdownTable(head, []));
  const end = text.indexOf('\n\n', start);
  if (start < 0 || end < 0) throw new Error(`${page} has no table of all metrics`);
  const names = Object.keys(METRICS) as MetricName[];
  const rows = names.map((name) => {
    const { type, labels, overReplicas } = METRICS[name];
    return [`\`${name}\``, type, labels.join(', '), overReplicas, meaningOf(name)];
  });
  return text.slice(0, start) + markdownTable(head, rows) + text.slice(end);
}
