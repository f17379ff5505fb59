import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

const FILES = ['deploy/prometheus/recording.yml', 'deploy/prometheus/alerts.yml'];
const HEAD = '# Written by `npm run generate` from deploy/prometheus, where the comments are.\n';

/** A PrometheusRule with the groups of deploy/prometheus. */
export function toPrometheusRule(): string {
  const groups = FILES.flatMap((file) => parse(readFileSync(file, 'utf8')).groups as object[]);
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'wxkf-manager', labels: { 'app.kubernetes.io/name': 'wxkf-manager' } },
    spec: { groups },
  };
  return HEAD + stringify(rule, { lineWidth: 0 });
}
