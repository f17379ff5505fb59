/** docker-compose.yml, held against what was promised of it and against the image that it runs. */
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.js';
import type { Stage } from './dockerfile.js';
import { expectAll } from './report.js';

/** The keys that are looked at. */
interface Service {
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string | null>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
}

interface Compose {
  readonly services: { readonly manager: Service; readonly mongo: Service };
  readonly volumes: Readonly<Record<string, null>>;
}

export function checkCompose(text: string, image: Stage): void {
  const { services, volumes }: Compose = parse(text);
  const { manager, mongo } = services;
  const uri = new URL(manager.environment.MONGO_URI ?? '');
  const setName = uri.searchParams.get('replicaSet');
  const mongoCheck = mongo.healthcheck?.test.join(' ') ?? '';
  const ports = manager.ports ?? [];
  const drainTimeoutMs = Number(manager.environment.DRAIN_TIMEOUT_MS ?? SETTINGS.drainTimeoutMs.default);
  const keeps = (service: Service, folder = '') =>
    Object.keys(volumes).some((name) => service.volumes?.includes(`${name}:${folder}`));
  expectAll('docker-compose.yml', {
    'the manager is built from here and has the health check of its image':
      manager.build === '.' && !manager.healthcheck && image.healthcheck.length > 0,
    'mongo has a health check': mongoCheck !== '',
    'the manager waits for a healthy mongo': manager.depends_on?.mongo?.condition === 'service_healthy',
    'MONGO_URI names a service and a replica set': uri.hostname in services && setName !== null,
    'mongod is started with that replica set':
      mongo.command?.join(' ').includes(`--replSet ${setName}`) === true,
    'the health check initiates that replica set': mongoCheck.includes(`_id: '${setName}'`),
    'its member is the host of MONGO_URI': mongoCheck.includes(`host: '${uri.host}'`),
    'the data of mongo is in a named volume': keeps(mongo, '/data/db'),
    'DATA_DIR is in a named volume': keeps(manager, image.env.DATA_DIR),
    'the manager has longer to stop than it takes at most':
      secondsOf(manager.stop_grace_period) * 1000 > drainTimeoutMs,
    'the port is published on this machine only': ports.every((port) => port.startsWith('127.0.0.1:')),
    'what is published is PORT':
      ports.length > 0 && ports.every((port) => port.endsWith(`:${image.env.PORT}`)),
    'every secret but its own MONGO_URI can be given from the shell': Object.values(SETTINGS)
      .filter(({ secret, name }) => secret && name !== 'MONGO_URI')
      .every(({ name }) => manager.environment[name] === null),
    'mongo is not published': mongo.ports === undefined,
    'the root file system is read-only': manager.read_only === true,
    'no capability is left': manager.cap_drop?.includes('ALL') === true && !manager.cap_add,
    'no privilege can be gained': manager.security_opt?.includes('no-new-privileges:true') === true,
    'the manager is not made root again': manager.user === undefined && !manager.privileged,
    'both come back by themselves': [manager, mongo].every(({ restart }) => restart === 'unless-stopped'),
  });
}

/** Docker's own default is 10 s. */
function secondsOf(period = '10s'): number {
  return Number(/^(\d+)s$/.exec(period)?.[1]);
}
