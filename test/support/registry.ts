/** The whole registry, wired by hand as its module does it. */
import { pino } from 'pino';
import { type Config, loadConfig } from '../../src/config/config.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { Log } from '../../src/kernel/log.js';
import { AccountHistories, type AccountHistory } from '../../src/registry/puppets/account-history.js';
import { AccountPlaces } from '../../src/registry/registration/account-places.js';
import { Accounts } from '../../src/registry/accounts/accounts.js';
import { AppsService } from '../../src/registry/apps/apps.service.js';
import { AccountOwners } from '../../src/registry/registration/account-owners.js';
import { BotsService } from '../../src/registry/bots/bots.service.js';
import { ConnectedBots } from '../../src/registry/bots/connected-bots.js';
import { KnownBots } from '../../src/registry/bots/known-bots.js';
import { KnownApps } from '../../src/registry/apps/known-apps.js';
import { Destinations } from '../../src/registry/accounts/destination.js';
import { EndpointPolicy } from '../../src/registry/endpoint/endpoint-policy.js';
import { Presence } from '../../src/registry/accounts/presence.js';
import type { Puppet } from '../../src/storage/puppets/puppet.js';
import type { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { type CorpKeys, KnownCorps } from '../../src/registry/keys/known-corps.js';
import { PuppetWrites } from '../../src/registry/puppets/puppet-writes.js';
import { RegistrationWriter } from '../../src/registry/registration/registration-writer.js';
import { Registrations } from '../../src/registry/registration/registrations.js';
import { RegistrationsUnderWay } from '../../src/registry/puppets/registrations-under-way.js';
import { RegistryImage } from '../../src/registry/puppets/registry-image.js';
import { RegistryLifecycle } from '../../src/registry/registry-lifecycle.js';
import { RegistryReads } from '../../src/registry/sync/registry-reads.js';
import { RegistrySync } from '../../src/registry/sync/registry-sync.js';
import type { SecretCheck } from '../../src/registry/puppets/secret-check.js';
import { SecretProofs } from '../../src/registry/puppets/secret-proofs.js';
import { TakeoverGuard } from '../../src/registry/registration/takeover-guard.js';
import { UnprovenKeys } from '../../src/registry/registration/unproven-keys.js';
import { BotWakes, type WaitingEvents } from '../../src/registry/accounts/waiting-events.js';
import type { RecordStore } from '../../src/storage/records/records.js';
import { FakeSecretCheck } from './fake-secret-check.js';
import { MemoryPuppetRepository } from './memory-puppet.repository.js';
import { MemoryRecords } from './memory-records.js';

export interface RegistryParts {
  readonly repository: PuppetRepository;
  /** Apps and bots. */
  readonly records: RecordStore;
  readonly secrets: SecretCheck;
  readonly log: Log;
  readonly config: Config;
  readonly history: AccountHistory;
}

/** Without what needs somebody to tell of waiting events. */
export function openRegistryImage(clock: Clock, parts: Partial<RegistryParts> = {}) {
  const {
    repository = new MemoryPuppetRepository(),
    records = new MemoryRecords(),
    secrets = new FakeSecretCheck(),
    log = pino({ level: 'silent' }),
    config = loadConfig({}),
    history = { forget: () => {}, accountsOf: () => [] },
  } = parts;
  const policy = new EndpointPolicy(config);
  const corps = new KnownCorps();
  const image = new RegistryImage(policy, corps);
  const knownApps = new KnownApps(corps, records, config);
  const histories = new AccountHistories();
  histories.add(history);
  const bots = new KnownBots(policy, records, image, histories);
  const writes = new PuppetWrites(image, repository, histories, log);
  const sync = new RegistrySync(image, repository, knownApps, bots, writes, clock, log);
  const reads = new RegistryReads(repository, knownApps, bots, image, writes, sync, log);
  const connected = new ConnectedBots();
  const underWay = new RegistrationsUnderWay();
  // Store time is the clock's own here.
  const destinations = new Destinations(image, bots, connected, underWay, reads, clock, clock);
  const proofs = new SecretProofs(image, writes, repository, secrets, log);
  return {
    ...{ repository, records, secrets, log, config },
    ...{
      policy,
      corps,
      image,
      writes,
      knownApps,
      bots,
      connected,
      sync,
      reads,
      underWay,
      destinations,
      proofs,
    },
    accounts: new Accounts(repository, image, reads, writes, bots, log),
    apps: new AppsService(knownApps, corps, image, records, clock, log),
    presence: new Presence(repository, image, reads, writes, clock, log),
    /** After a look into the store. */
    lookUpKeys: async (corpId: string): Promise<CorpKeys | null> => {
      await reads.lookUpCorp(corpId);
      return corps.find(corpId);
    },
    /** After a look into the store. */
    lookUpPuppet: async (openKfId: string): Promise<Puppet | null> => {
      await reads.lookUpAccount(openKfId);
      return image.findPuppet(openKfId);
    },
  };
}

export type TestRegistry = ReturnType<typeof openRegistry>;

export function openRegistry(
  clock: Clock,
  parts: Partial<RegistryParts> = {},
  image = openRegistryImage(clock, parts),
  waiting: WaitingEvents = {
    claimFor: async () => () => {},
    wake: async () => {},
    pauseEnded: async () => {},
    tryAgain: async () => {},
  },
) {
  const { repository, secrets, log, config, sync, writes, underWay, proofs } = image;
  const places = new AccountPlaces(image.image, config);
  const writer = new RegistrationWriter(underWay, writes, proofs, waiting, repository, clock, log);
  const guard = new TakeoverGuard(repository, secrets, log);
  const lifecycle = new RegistryLifecycle(image.image, sync, places, writer, log);
  return {
    ...image,
    registrations: new Registrations(
      image.image,
      places,
      guard,
      new UnprovenKeys(image.image, image.corps),
      writer,
      new AccountOwners(image.bots, image.image),
    ),
    botsService: new BotsService(
      image.bots,
      image.records,
      image.image,
      new BotWakes(image.destinations, waiting, log),
      clock,
      log,
    ),
    start: () => lifecycle.onApplicationBootstrap(),
    close: () => lifecycle.onApplicationShutdown(),
  };
}
