import { Module } from '@nestjs/common';
import { BotDirectory } from '../http/access/bot-keys.js';
import { EndpointPolicy } from './endpoint/endpoint-policy.js';
import { KnownCorps } from './keys/known-corps.js';
import { AccountHistories } from './puppets/account-history.js';
import { PuppetWrites } from './puppets/puppet-writes.js';
import { RegistrationsUnderWay } from './puppets/registrations-under-way.js';
import { RegistryImage } from './puppets/registry-image.js';
import { SecretProofs } from './puppets/secret-proofs.js';
import { AppsService } from './apps/apps.service.js';
import { KnownApps } from './apps/known-apps.js';
import { BotsListener, BotsService } from './bots/bots.service.js';
import { ConnectedBots } from './bots/connected-bots.js';
import { KeyOwners } from './bots/key-owners.js';
import { KnownBots } from './bots/known-bots.js';
import { SyncTokens } from './bots/sync-tokens.js';
import { RegistryReads } from './sync/registry-reads.js';
import { RegistrySync } from './sync/registry-sync.js';
import { Accounts } from './accounts/accounts.js';
import { Corps } from './accounts/corps.js';
import { Destinations } from './accounts/destination.js';
import { KnownAccounts } from './accounts/known-accounts.js';
import { Presence } from './accounts/presence.js';
import { BotWakes } from './accounts/waiting-events.js';
import { AccountOwners } from './registration/account-owners.js';
import { AccountPlaces } from './registration/account-places.js';
import { RegistrationWriter } from './registration/registration-writer.js';
import { Registrations } from './registration/registrations.js';
import { RegistryMetrics } from './registration/registry-metrics.js';
import { RegistryController } from './registration/registry.controller.js';
import { TakeoverGuard } from './registration/takeover-guard.js';
import { UnprovenKeys } from './registration/unproven-keys.js';
import { RegistryLifecycle } from './registry-lifecycle.js';

const FOR_OTHERS = [
  AccountHistories,
  Accounts,
  AppsService,
  BotsService,
  ConnectedBots,
  Corps,
  Destinations,
  EndpointPolicy,
  KnownAccounts,
  KnownApps,
  KnownBots,
  KnownCorps,
  Presence,
  RegistryImage,
  RegistryReads,
  RegistrySync,
  SecretProofs,
  SyncTokens,
];

/**
 * A folder imports only folders before it: endpoint, keys, puppets, apps, bots, sync, accounts, registration. Its ports are filled
 * above: `app.module.ts` lists by whom. A feature that remembers
 * something about accounts adds itself to `AccountHistories`.
 */
@Module({
  controllers: [RegistryController],
  providers: [
    ...FOR_OTHERS,
    AccountOwners,
    AccountPlaces,
    { provide: BotsListener, useClass: BotWakes },
    KeyOwners,
    PuppetWrites,
    RegistrationWriter,
    Registrations,
    RegistrationsUnderWay,
    RegistryLifecycle,
    RegistryMetrics,
    TakeoverGuard,
    UnprovenKeys,
    { provide: BotDirectory, useExisting: KeyOwners },
  ],
  exports: [...FOR_OTHERS, BotDirectory],
})
export class RegistryModule {}
