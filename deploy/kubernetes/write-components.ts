/**
 * Writes the alerts, recording rules and the dashboard as the components of kustomize need them: in their own folder, since
 * deploy/kubernetes is used by URL without what lies beside it. A test holds that they were written after the last change.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { toPrometheusRule } from './prometheus-rule.js';

writeFileSync('deploy/kubernetes/components/rules/prometheus-rule.yaml', toPrometheusRule());
copyFileSync('deploy/grafana/wxkf-manager.json', 'deploy/kubernetes/components/dashboard/wxkf-manager.json');
