/** docker-compose.yml fits the image, the settings and itself, and lets the manager do no more than it needs. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { isOpenToOthers, loadConfig } from '../../src/config/config.js';
import { SETTINGS } from '../../src/config/settings.js';
import { image } from '../support/dockerfile.js';
import { REQUIRED_SECRETS } from '../support/manifests.js';

const { services, volumes } = parse(readFileSync('docker-compose.yml', 'utf8'));
const { manager, mongo } = services;
const uri = new URL(manager.environment.MONGO_URI);

it('builds the manager from here, with the health check of its image', () => {
  expect(manager.build).toBe('.');
  expect(manager.healthcheck).toBeUndefined();
});

it('starts the manager once a replica set of its URI takes writes', () => {
  const setName = uri.searchParams.get('replicaSet');
  expect(uri.hostname in services).toBe(true);
  expect(mongo.command.join(' ')).toContain(`--replSet ${setName}`);
  const healthcheck = mongo.healthcheck.test.join(' ');
  expect(healthcheck).toContain(`_id: '${setName}'`);
  expect(healthcheck).toContain(`host: '${uri.host}'`);
  expect(manager.depends_on.mongo.condition).toBe('service_healthy');
});

it('keeps all data in named volumes', () => {
  const named = [...manager.volumes, ...mongo.volumes].map((volume: string) => volume.split(':'));
  expect(named.map(([, folder]) => folder)).toEqual([image.env.DATA_DIR, '/data/db', '/data/configdb']);
  expect(named.filter(([name = '']) => !(name in volumes))).toEqual([]);
});

it('gives the manager longer to stop than it takes at most', () => {
  const drainTimeoutMs = Number(manager.environment.DRAIN_TIMEOUT_MS ?? SETTINGS.drainTimeoutMs.default);
  expect(manager.stop_grace_period).toMatch(/^\d+s$/);
  expect(Number.parseInt(manager.stop_grace_period, 10) * 1_000).toBeGreaterThan(drainTimeoutMs);
});

it('publishes the port of the manager on this machine only, and nothing of mongo', () => {
  expect(manager.ports).toEqual([`127.0.0.1:${image.env.PORT}:${image.env.PORT}`]);
  expect(mongo.ports).toBeUndefined();
});

it('takes every setting of .env but where it listens, and where its data is', () => {
  expect(manager.env_file).toEqual([{ path: '.env', required: false }]);
  const { HOST, PORT, DATA_DIR } = manager.environment;
  expect({ HOST, PORT: String(PORT), DATA_DIR }).toEqual({
    HOST: image.env.HOST,
    PORT: image.env.PORT,
    DATA_DIR: image.env.DATA_DIR,
  });
  const set = Object.entries(manager.environment).filter(([, value]) => value !== null);
  expect(set.map(([name]) => name)).toEqual(['HOST', 'PORT', 'DATA_DIR', 'MONGO_URI', 'ALLOW_OPEN']);
});

it('builds the image that the documents run', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(manager.image).toBe(`wxkf-manager:${version}`);
  const pages = globSync(['README*.md', 'docs/**/*.md']).map((path) => readFileSync(path, 'utf8'));
  const run = pages.flatMap((page) => [
    ...page.matchAll(/docker run [^\n`]*?( wxkf-manager(?::\S+)?)(?= |$|`)/gm),
  ]);
  expect(run.length).toBeGreaterThan(2);
  expect(new Set(run.map(([, name]) => name))).toEqual(new Set([` ${manager.image}`]));
});

it('takes every secret but its own MONGO_URI from the shell', () => {
  const secrets = REQUIRED_SECRETS.filter((name) => name !== 'MONGO_URI');
  expect(secrets.filter((name) => manager.environment[name] !== null)).toEqual([]);
});

/** The environment of its container, where the shell has these variables set. */
function environmentWith(shell: Record<string, string>): Record<string, string> {
  const given = Object.entries<string | number | null>(manager.environment).flatMap(([name, value]) => {
    const taken =
      value?.toString().replaceAll(/\$\{(\w+):-(\w*)\}/g, (_all, of, otherwise) => shell[of] || otherwise) ??
      shell[name];
    return taken === undefined ? [] : [[name, taken]];
  });
  return { ...image.env, ...Object.fromEntries(given) };
}

it('starts without a secret, unless the shell forbids it, and is called by its service then', () => {
  expect(isOpenToOthers(loadConfig(environmentWith({})))).toBe(true);
  expect(() => loadConfig(environmentWith({ ALLOW_OPEN: 'false' }))).toThrow(
    /1 mistake.*\n {2}HOST: 0\.0\.0\.0 /,
  );
  expect(manager.hostname in services).toBe(true);
});

it('asks for credentials, under any name, once the shell has a secret of a role', () => {
  const config = loadConfig(environmentWith({ AUTH_OPERATOR_TOKEN: 'secret-of-the-operators' }));
  expect(isOpenToOthers(config)).toBe(false);
});

it('takes every right away that the manager does not need', () => {
  expect(manager).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
  for (const given of ['cap_add', 'user', 'privileged']) expect(manager).not.toHaveProperty(given);
});

it('brings both back by themselves', () => {
  expect([manager.restart, mongo.restart]).toEqual(['unless-stopped', 'unless-stopped']);
});
