/** The pod fits the image and the code: port, user, folders, drain; and is let do no more than it needs. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from '@jest/globals';
import { SETTINGS } from '../../src/config/settings.js';
import { image } from '../support/dockerfile.js';
import { kustomizeSuite, type Manifest, OVERLAYS, render } from '../support/kustomize.js';
import {
  type Container,
  containerOf,
  environmentOf,
  oneOf,
  type Pod,
  podOf,
  workloadOf,
} from '../support/manifests.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const MARGIN_MS = 5_000;

kustomizeSuite.each(OVERLAYS)('the pod of %s', (name, folder) => {
  let manifests: readonly Manifest[];
  let pod: Pod;
  let container: Container;
  let environment: Readonly<Record<string, string>>;
  beforeAll(() => {
    manifests = render(folder);
    pod = podOf(manifests);
    container = containerOf(manifests);
    environment = environmentOf(manifests);
  });

  it('runs the image of this version', () => expect(container.image).toBe(`wxkf-manager:${version}`));

  it('listens where it is asked, probed and let in', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(environment.PORT) }]);
    expect([image.env.PORT, ...image.ports]).toEqual([environment.PORT, environment.PORT]);
    expect(SETTINGS.port.default).toBe(environment.PORT);
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const probed = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.port);
    const letIn = oneOfPolicies(manifests).spec.ingress.flatMap(({ ports = [] }) =>
      ports.map(({ port }) => port),
    );
    const [service] = oneOf(manifests, 'Service').spec.ports;
    expect([...probed, ...letIn, service?.name, service?.targetPort]).toEqual(Array(6).fill('http'));
  });

  it('is asked for life by what asks nothing else, and may be busy for a minute', () => {
    const { startupProbe, livenessProbe, readinessProbe } = container;
    expect(startupProbe.httpGet.path).toBe('/health/live');
    expect(livenessProbe.httpGet.path).toBe('/health/live');
    expect(readinessProbe.httpGet.path).toBe('/health/ready');
    expect(livenessProbe.periodSeconds * livenessProbe.failureThreshold).toBe(60);
  });

  it('has two minutes to start', () => {
    const { periodSeconds, failureThreshold } = container.startupProbe;
    expect(periodSeconds * failureThreshold).toBe(120);
  });

  it('has longer to end than it takes at most, and waits once', () => {
    const [delayMs, timeoutMs] = [Number(environment.DRAIN_DELAY_MS), Number(environment.DRAIN_TIMEOUT_MS)];
    expect(delayMs).toBeGreaterThan(0);
    expect(timeoutMs).toBeGreaterThan(delayMs);
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThanOrEqual(timeoutMs + MARGIN_MS);
    expect(container.lifecycle).toBeUndefined();
  });

  it('is run by the user of the image', () => {
    const { runAsUser, runAsGroup, fsGroup, runAsNonRoot } = pod.securityContext;
    expect(`${runAsUser}:${runAsGroup}`).toBe(image.user);
    expect([fsGroup, runAsNonRoot]).toEqual([runAsGroup, true]);
  });

  it('has no right that it does not need', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.enableServiceLinks).toBe(false);
    expect(pod.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('can write to DATA_DIR where its store is there, and nowhere else', () => {
    const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
    const dataDir = name === 'embedded' ? [String(environment.DATA_DIR)] : [];
    expect(writable.map(({ mountPath }) => mountPath)).toEqual(dataDir);
    const { volumeClaimTemplates = [] } = workloadOf(manifests).spec;
    expect(volumeClaimTemplates.map(({ metadata }) => metadata.name)).toEqual(
      writable.map((one) => one.name),
    );
    expect(dataDir.filter((path) => path !== image.env.DATA_DIR || !image.volumes.includes(path))).toEqual(
      [],
    );
  });

  it('is held to the memory that it asks for, and to no CPU', () => {
    const { requests, limits } = container.resources;
    expect(limits).toEqual({ memory: requests.memory });
  });
});

/** The one with rules for what comes in. */
function oneOfPolicies(manifests: readonly Manifest[]) {
  return oneOf(
    manifests.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'wxkf-manager'),
    'NetworkPolicy',
  );
}
