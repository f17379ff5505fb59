/** The environment that the manifests give is one that the manager takes, and starts with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isOpen, loadConfig } from '../../src/config/config.js';
import { secretFileOf } from '../../src/config/secret-files.js';
import { SETTINGS } from '../../src/config/settings.js';
import { TrustedProxies } from '../../src/http/request/trusted-proxies.js';
import { EXAMPLES, kustomizeSuite, type Manifest, OVERLAYS, render } from '../support/kustomize.js';
import { startManager } from '../support/manager-process.js';
import { containerOf, environmentOf, podOf, REQUIRED_SECRETS } from '../support/manifests.js';
import { embeddedPlace, newSecretsKey } from '../support/place.js';

const SECRETS = '/run/secrets/wxkf-manager';
const OPERATOR = 'secret-of-the-operators';
/** What somebody would put into the Secret. */
const SECRET: Readonly<Record<string, string>> = {
  AUTH_PUPPET_TOKEN: 'secret-of-the-puppets',
  AUTH_GATEWAY_TOKEN: 'secret-of-the-gateways',
  AUTH_OPERATOR_TOKEN: OPERATOR,
  METRICS_TOKEN: 'secret-of-the-metrics',
  SECRETS_KEY: newSecretsKey(),
  MONGO_URI: 'mongodb://manager:password@mongo-0.mongo.example/wxkf?replicaSet=rs0',
};
const settings = Object.values(SETTINGS);
const secretFiles = REQUIRED_SECRETS.map(secretFileOf);

let mounted: string;
beforeAll(() => {
  mounted = mkdtempSync(join(tmpdir(), 'wxkf-secret-'));
  for (const [key, value] of Object.entries(SECRET)) writeFileSync(join(mounted, key), `${value}\n`);
});
afterAll(() => rmSync(mounted, { recursive: true }));

/** As the pod has it, with the Secret mounted elsewhere. */
function mountedEnvironmentOf(manifests: readonly Manifest[]): Record<string, string> {
  const entries = Object.entries(environmentOf(manifests));
  return Object.fromEntries(entries.map(([name, value]) => [name, value.replace(SECRETS, mounted)]));
}

kustomizeSuite.each([...OVERLAYS, ...EXAMPLES])('the environment of %s', (name, folder) => {
  let manifests: readonly Manifest[];
  let environment: Readonly<Record<string, string>>;
  beforeAll(() => {
    manifests = render(folder);
    environment = environmentOf(manifests);
  });

  it('has settings that there are, secret ones from files alone', () => {
    const open = settings.filter(({ secret }) => !secret).map(({ name }) => name);
    const known = [...open, ...secretFiles];
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has every secret, a file of the Secret that is mounted', () => {
    const expected = secretFiles.filter((file) => name !== 'embedded' || file !== 'MONGO_URI_FILE');
    expect(
      Object.keys(environment)
        .filter((variable) => variable.endsWith('_FILE'))
        .sort(),
    ).toEqual(expected.sort());
    for (const file of expected) expect(environment[file]).toBe(`${SECRETS}/${file.replace(/_FILE$/, '')}`);
    const { volumeMounts } = containerOf(manifests);
    const mount = volumeMounts.find(({ mountPath }) => mountPath === SECRETS);
    const volume = podOf(manifests).volumes.find((one) => one.name === mount?.name);
    expect(volume?.secret?.secretName).toBe('wxkf-manager');
  });

  it('is a configuration without a mistake that asks for credentials', () => {
    const config = loadConfig(mountedEnvironmentOf(manifests));
    expect(isOpen(config)).toBe(false);
    expect(config).toMatchObject({ host: '0.0.0.0', drainDelayMs: 5_000, drainTimeoutMs: 25_000 });
    expect(config.mongoUri === undefined).toBe(name === 'embedded');
  });

  it('comes with no Secret, which is for others to make', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });
});

kustomizeSuite.each(EXAMPLES)('the forwarded addresses that %s believes', (_name, folder) => {
  let TRUST_PROXY: string;
  beforeAll(() => {
    TRUST_PROXY = environmentOf(render(folder)).TRUST_PROXY ?? '';
  });

  it.each(['10.244.1.7', '10.42.1.7', '10.0.1.7', '192.168.1.7'])(
    'are not those that the pod %s tells',
    (pod) => {
      expect(new TrustedProxies(loadConfig({ TRUST_PROXY }).trustedProxies).has(pod)).toBe(false);
    },
  );

  it('are told by the few of one range, which docs/kubernetes.md explains', () => {
    expect(TRUST_PROXY).toMatch(/^[\d.]+\/(28|29|30|31|32)$/);
    expect(readFileSync('docs/kubernetes.md', 'utf8')).toContain(`\`${TRUST_PROXY}\``);
  });
});

kustomizeSuite('a manager with the environment of a pod', () => {
  const place = embeddedPlace();
  afterAll(() => place.discard());

  it('answers every probe, and asks for credentials elsewhere', async () => {
    const manifests = render('deploy/kubernetes/overlays/embedded');
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(manifests);
    const env = { ...mountedEnvironmentOf(manifests), ...place.env, HOST: '127.0.0.1', PORT: '0' };
    const manager = await startManager(env);
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
      expect((await fetch(manager.url + httpGet.path)).status).toBe(200);
    }
    const info = `${manager.url}/puppetWxkfManager/puppetWxkfInfo/wkAAA`;
    expect((await fetch(info)).status).toBe(401);
    const headers = { authorization: `Bearer ${OPERATOR}` };
    expect((await fetch(info, { headers })).status).toBe(404);
    // By Ctrl-C's signal, which skips the five seconds.
    expect(await manager.stop('SIGINT')).toBe(0);
  });
});
