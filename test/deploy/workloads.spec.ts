/** What stands around the pods: how many there are, what finds them, and who is let through to them. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { toPrometheusRule } from '../../deploy/kubernetes/prometheus-rule.js';
import { CLOSING_MS } from '../../src/http/shutdown.js';
import {
  EXAMPLE,
  INGRESS_EXAMPLE,
  kustomizeSuite,
  type Manifest,
  OVERLAYS,
  render,
} from '../support/kustomize.js';
import {
  allOf,
  containerOf,
  environmentOf,
  type Known,
  oneOf,
  podOf,
  workloadOf,
  REQUIRED_SECRETS,
} from '../support/manifests.js';

const API = readFileSync('docs/reference/api.md', 'utf8');

const pathsOf = ({ spec }: Pick<Known, 'spec'>) => {
  const paths = spec.rules.flatMap(({ http }) => http.paths);
  expect(paths).not.toEqual([]);
  return paths;
};

/** @throws Error where the condition is not found. */
function letInByNginx(): RegExp {
  const servers = readFileSync('deploy/nginx/wxkf-manager.conf', 'utf8');
  const [, allowed] = /^ {2}if \(\$request_uri !~ "(\^\S+)"\) \{$/m.exec(servers) ?? [];
  if (allowed === undefined) throw new Error('deploy/nginx compares no request');
  return RegExp(allowed);
}

kustomizeSuite.each(OVERLAYS)('the selectors of %s', (_name, folder) => {
  it('all find the pods', () => {
    const manifests = render(folder);
    const { selector, template } = workloadOf(manifests).spec;
    const policies = allOf(manifests, 'NetworkPolicy').map(({ spec }) => spec.podSelector);
    const budgets = allOf(manifests, 'PodDisruptionBudget').map(({ spec }) => spec.selector);
    const spreads = (podOf(manifests).topologySpreadConstraints ?? []).map((one) => one.labelSelector);
    const all = [selector, ...policies, ...budgets, ...spreads].map(({ matchLabels }) => matchLabels);
    for (const labels of [...all, oneOf(manifests, 'Service').spec.selector]) {
      expect(template.metadata.labels).toMatchObject(labels);
      expect(labels).not.toEqual({});
    }
  });
});

kustomizeSuite('mongo', () => {
  let manifests: readonly Manifest[];
  beforeAll(() => {
    manifests = render('deploy/kubernetes/overlays/mongo');
  });

  it('has as many replicas as its autoscaler wants, two at least', () => {
    const { minReplicas, scaleTargetRef } = oneOf(manifests, 'HorizontalPodAutoscaler').spec;
    const { kind, metadata, spec } = workloadOf(manifests);
    expect(minReplicas).toBeGreaterThanOrEqual(2);
    expect(spec.replicas).toBeUndefined();
    expect(scaleTargetRef).toMatchObject({ kind, name: metadata.name });
  });

  it('scales at less than what a pod was promised, and than the one core that it can use', () => {
    const [metric] = oneOf(manifests, 'HorizontalPodAutoscaler').spec.metrics;
    const { cpu } = containerOf(manifests).resources.requests;
    const share = Number(metric?.resource.target.averageUtilization) / 100;
    expect(share).toBeLessThan(1);
    expect(cpu).toMatch(/^\d+m$/);
    expect(Number.parseInt(cpu, 10) * share).toBeLessThan(700);
  });

  it('lets one go at a time', () => {
    expect(oneOf(manifests, 'PodDisruptionBudget').spec.maxUnavailable).toBe(1);
  });
});

kustomizeSuite('embedded', () => {
  it('is one process, of which nobody makes two and whose node may be drained', () => {
    const manifests = render('deploy/kubernetes/overlays/embedded');
    expect(workloadOf(manifests)).toMatchObject({ kind: 'StatefulSet', spec: { replicas: 1 } });
    expect(environmentOf(manifests)).not.toHaveProperty('MONGO_URI_FILE');
    const others = ['HorizontalPodAutoscaler', 'PodDisruptionBudget'];
    expect(manifests.filter(({ kind }) => others.includes(kind))).toEqual([]);
  });
});

kustomizeSuite('the components', () => {
  let manifests: readonly Manifest[];
  beforeAll(() => {
    manifests = render(EXAMPLE);
  });

  it('let in from outside one path of each corp, which deploy/nginx lets in, too', () => {
    const paths = pathsOf(parse(readFileSync('deploy/kubernetes/components/ingress/ingress.yaml', 'utf8')));
    for (const { path, pathType, backend } of paths) {
      expect(path).toMatch(letInByNginx());
      expect(pathType).toBe('Exact');
      expect(backend.service).toEqual({ name: 'wxkf-manager', port: { name: 'http' } });
    }
  });

  it('are completed by the example for ingress-nginx, which forwards the path that it compared', () => {
    const ingress = oneOf(render(INGRESS_EXAMPLE), 'Ingress');
    expect(ingress.metadata.annotations).toEqual({
      'nginx.ingress.kubernetes.io/use-regex': 'true',
      'nginx.ingress.kubernetes.io/rewrite-target': '/callback/$1',
    });
    for (const { path, pathType } of pathsOf(ingress)) {
      const [, corps = ''] = /^\/callback\/\((\w+(?:\|\w+)*)\)\$$/.exec(path) ?? [];
      for (const corpId of corps.split('|')) expect(`/callback/${corpId}`).toMatch(letInByNginx());
      expect(pathType).toBe('ImplementationSpecific');
    }
  });

  it('let in the same by the Gateway API, to the port of the Service', () => {
    const { rules } = oneOf(manifests, 'HTTPRoute').spec;
    const { metadata, spec } = oneOf(manifests, 'Service');
    const target = { name: metadata.name, port: spec.ports[0]?.port };
    for (const { matches, backendRefs } of rules) {
      expect(backendRefs).toEqual([target]);
      for (const { path } of matches) {
        expect(path.type).toBe('Exact');
        expect(path.value).toMatch(letInByNginx());
      }
    }
    expect(rules).toHaveLength(1);
  });

  it('have the rules and the dashboard as they are beside them', () => {
    const rule = readFileSync('deploy/kubernetes/components/rules/prometheus-rule.yaml', 'utf8');
    expect(rule).toBe(toPrometheusRule());
    const groups = oneOf(manifests, 'PrometheusRule').spec.groups.map(({ name }) => name);
    expect(groups).toContain('wxkf-callbacks');
    const [dashboard] = allOf(manifests, 'ConfigMap').filter(
      ({ metadata }) => metadata.labels?.grafana_dashboard === '1',
    );
    expect(dashboard?.data?.['wxkf-manager.json']).toBe(
      readFileSync('deploy/kubernetes/components/dashboard/wxkf-manager.json', 'utf8'),
    );
  });

  it('read the metrics where they are, with a secret that the manager has', () => {
    const { selector, endpoints } = oneOf(manifests, 'ServiceMonitor').spec;
    const service = oneOf(manifests, 'Service');
    expect(service.metadata.labels).toMatchObject(selector.matchLabels);
    for (const { port, path, authorization } of endpoints) {
      expect(service.spec.ports.map(({ name }) => name)).toContain(port);
      expect(API).toContain(`\n| \`GET ${path}\` |`);
      const { name, key } = authorization.credentials;
      expect(environmentOf(manifests)[`${key}_FILE`]).toBe(`/run/secrets/${name}/${key}`);
    }
  });
});

kustomizeSuite('docs/kubernetes.md', () => {
  const docs = readFileSync('docs/kubernetes.md', 'utf8');
  const manifests = () => render('deploy/kubernetes/overlays/mongo');

  it('makes a Secret with every secret that there is', () => {
    const [, file = '', lines = ''] = /^cat > (\S+) <<END\n(.*?)^END$/ms.exec(docs) ?? [];
    expect(docs).toContain(`\nkubectl create secret generic wxkf-manager -n wxkf --from-env-file=${file}\n`);
    const keys = [...lines.matchAll(/^([A-Z_]+)=/gm)].map(([, key]) => key);
    expect(keys.sort()).toEqual(REQUIRED_SECRETS.toSorted());
  });

  it('gives the namespaces of callers and those of puppets the labels that let them in, and the manager out', () => {
    const labelled = [...docs.matchAll(/^kubectl label namespace (.*) (\S+)=(\S+)$/gm)].map(
      ([, namespaces = '', name = '', value = '']) => ({ namespaces, labels: { [name]: value } }),
    );
    const policies = allOf(manifests(), 'NetworkPolicy').map(({ spec }) => spec);
    const from = policies.flatMap(({ ingress = [] }) => ingress.map((rule) => rule.from));
    const to = policies.flatMap(({ egress = [] }) => egress.flatMap((rule) => rule.to ?? []));
    const [callers, called, ...others] = labelled;
    expect(others).toEqual([]);
    expect(from).toEqual([[{ namespaceSelector: { matchLabels: callers?.labels } }]]);
    expect(to).toEqual([{ namespaceSelector: { matchLabels: called?.labels } }]);
    expect(callers?.labels).not.toEqual(called?.labels);
    expect(called?.namespaces).not.toMatch(/gateway|ingress|monitoring/);
    expect(callers?.namespaces).toMatch(/gateway.* monitoring/);
  });

  it('tells a rollout by the times that are set', () => {
    const { DRAIN_DELAY_MS, DRAIN_TIMEOUT_MS } = environmentOf(manifests());
    const graceMs = podOf(manifests()).terminationGracePeriodSeconds * 1_000;
    const told = [...docs.matchAll(/^\| ([\d,]+) \| .*$/gm)].map(([, ms = '']) =>
      Number(ms.replace(',', '')),
    );
    const endMs = Number(DRAIN_TIMEOUT_MS);
    expect(told).toEqual([0, Number(DRAIN_DELAY_MS), endMs - CLOSING_MS, endMs, graceMs]);
  });
});
