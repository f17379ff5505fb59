/**
 * Writes the dashboard, and the alerts with their recording rules, into the components of kustomize: deploy/kubernetes is used
 * by URL without what lies beside it. A test holds that they were written after the last change.
 */
import { writeFileSync } from 'node:fs';
import { dashboard } from './grafana/dashboard.js';
import { toPrometheusRule } from './kubernetes/prometheus-rule.js';

const COMPONENTS = 'deploy/kubernetes/components';
writeFileSync(`${COMPONENTS}/dashboard/wxkf-manager.json`, `${JSON.stringify(dashboard(), null, 2)}\n`);
writeFileSync(`${COMPONENTS}/rules/prometheus-rule.yaml`, toPrometheusRule());
