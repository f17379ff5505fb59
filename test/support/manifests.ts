/** What is looked at of the manifests, which have been checked against the API's schema by then. */
import { SETTINGS } from '../../src/config/settings.js';
import type { Manifest } from './kustomize.js';

/** Few need forward proxies, which then are the site's own affair; and nobody has to be told. */
const OPTIONAL_SECRETS = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'NOTIFY_URL', 'OIDC_CLIENT_SECRET']);

/** What a deployment has to be given. */
export const REQUIRED_SECRETS: readonly string[] = Object.values(SETTINGS)
  .filter(({ secret, name }) => secret && !OPTIONAL_SECRETS.has(name))
  .map(({ name }) => name);

type Labels = Readonly<Record<string, string>>;
export interface Selector {
  readonly matchLabels: Labels;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly resources: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly cpu?: string; readonly memory: string };
  };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly lifecycle?: unknown;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

export interface Pod {
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}

/** Of what comes in, or goes out. */
interface PolicyRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: string | number }[];
}

interface Peer {
  readonly namespaceSelector?: Selector;
}

/** The fields of the kinds that there are, each of one kind or of several. */
interface Fields {
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod };
    readonly selector: Selector & Labels;
    readonly podSelector: Selector;
    readonly replicas?: number;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
    readonly ingress: readonly PolicyRule[];
    readonly egress: readonly PolicyRule[];
    readonly minReplicas: number;
    readonly maxUnavailable: number;
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly metrics: readonly { readonly resource: { readonly target: Readonly<Record<string, number>> } }[];
    readonly volumeClaimTemplates: readonly Pick<Manifest, 'metadata'>[];
    readonly endpoints: readonly {
      readonly port: string;
      readonly path: string;
      readonly authorization: { readonly credentials: { readonly name: string; readonly key: string } };
    }[];
    readonly groups: readonly { readonly name: string }[];
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[];
      readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
      readonly host: string;
      readonly http: {
        readonly paths: readonly {
          readonly path: string;
          readonly pathType: string;
          readonly backend: {
            readonly service: { readonly name: string; readonly port: { readonly name: string } };
          };
        }[];
      };
    }[];
  };
}

export type Known = Manifest & Fields;

export function allOf(manifests: readonly Manifest[], kind: string): readonly Known[] {
  return manifests.filter((manifest) => manifest.kind === kind) as Known[];
}

/** @throws Error unless there is exactly one of the kind. */
export function oneOf(manifests: readonly Manifest[], kind: string): Known {
  const [one, ...others] = allOf(manifests, kind);
  if (one === undefined || others.length > 0) throw new Error(`not exactly one ${kind}`);
  return one;
}

/** The Deployment or StatefulSet. */
export function workloadOf(manifests: readonly Manifest[]): Known {
  const kinds = ['Deployment', 'StatefulSet'].filter((kind) => allOf(manifests, kind).length > 0);
  return oneOf(manifests, kinds.join());
}

export function podOf(manifests: readonly Manifest[]): Pod {
  return workloadOf(manifests).spec.template.spec;
}

/** @throws Error unless the pod has one container and nothing beside it. */
export function containerOf(manifests: readonly Manifest[]): Container {
  const { containers, initContainers = [] } = podOf(manifests);
  const [container, ...others] = [...containers, ...initContainers];
  if (container === undefined || others.length > 0) throw new Error('not exactly one container');
  return container;
}

/** All that the container's environment gets here, by ConfigMap or by itself. */
export function environmentOf(manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const { env, envFrom } = containerOf(manifests);
  const maps = envFrom.map(({ configMapRef }) =>
    allOf(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef.name),
  );
  if (maps.includes(undefined)) throw new Error('envFrom names a ConfigMap that is not there');
  return Object.assign(
    {},
    ...maps.map((map) => map?.data),
    ...env.map(({ name, value }) => ({ [name]: value })),
  );
}
