import { Module } from '@nestjs/common';
import { BotDirectory } from '../http/access/bot-keys.js';
import { AccountHistories } from './account-history.js';
import { AccountPlaces } from './registration/account-places.js';
import { Accounts } from './accounts.js';
import { AppsService } from './apps/apps.service.js';
import { KnownApps } from './apps/known-apps.js';
import { AccountOwners } from './bots/account-owners.js';
import { BotsService } from './bots/bots.service.js';
import { ConnectedBots } from './bots/connected-bots.js';
import { KeyOwners } from './bots/key-owners.js';
import { KnownBots } from './bots/known-bots.js';
import { SyncTokens } from './bots/sync-tokens.js';
import { CallbackKeys } from './callback-keys.js';
import { CorpIds } from './corp-ids.js';
import { CorpSecrets } from './corp-secrets.js';
import { Destinations } from './destination.js';
import { EndpointPolicy } from './endpoint/endpoint-policy.js';
import { Presence } from './presence.js';
import { RegistrationWriter } from './registration/registration-writer.js';
import { Registrations } from './registration/registrations.js';
import { RegistrationsUnderWay } from './registration/registrations-under-way.js';
import { RegistryController } from './registration/registry.controller.js';
import { RegistryImage } from './image/registry-image.js';
import { RegistryLifecycle } from './image/registry-lifecycle.js';
import { RegistryMetrics } from './registry-metrics.js';
import { RegistryReads } from './image/registry-reads.js';
import { RegistrySync } from './image/registry-sync.js';
import { SecretProofs } from './registration/secret-proofs.js';
import { TakeoverGuard } from './registration/takeover-guard.js';
import { UnprovenKeys } from './registration/unproven-keys.js';

const FOR_OTHERS = [
  AccountHistories,
  Accounts,
  AppsService,
  BotsService,
  CallbackKeys,
  ConnectedBots,
  CorpIds,
  CorpSecrets,
  Destinations,
  EndpointPolicy,
  KnownBots,
  Presence,
  RegistryImage,
  RegistrySync,
  SyncTokens,
];

/**
 * Global modules implement its ports: storage the repositories, tokens the check of secrets, dispatch what waits for a
 * puppet. Whoever remembers something of accounts adds it to their histories.
 */
@Module({
  controllers: [RegistryController],
  providers: [
    ...FOR_OTHERS,
    AccountOwners,
    AccountPlaces,
    KeyOwners,
    KnownApps,
    RegistrationWriter,
    Registrations,
    RegistrationsUnderWay,
    RegistryLifecycle,
    RegistryMetrics,
    RegistryReads,
    SecretProofs,
    TakeoverGuard,
    UnprovenKeys,
    { provide: BotDirectory, useExisting: KeyOwners },
  ],
  exports: [...FOR_OTHERS, BotDirectory],
})
export class RegistryModule {}
