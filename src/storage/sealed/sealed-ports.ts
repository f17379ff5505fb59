import type { Provider, Type } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Sealer } from '../../crypto/sealer.js';
import { LOG, type Log } from '../../kernel/log.js';
import { MessageStore } from '../../messages/message-store.js';
import { AppRepository } from '../../registry/apps/app.repository.js';
import { BotRepository } from '../../registry/bots/bot.repository.js';
import { AccessTokenStore } from '../../wecom/tokens/access-token.store.js';
import { storageConfig } from '../storage.config.js';
import { SealedAccessTokenStore } from './sealed-access-token.store.js';
import { SealedAppRepository } from './sealed-app.repository.js';
import { SealedBotRepository } from './sealed-bot.repository.js';
import { SealedMessageStore } from './sealed-message.store.js';
import { StreamDirectory } from '../../stream/replicas/stream-directory.js';
import { SealedStreamDirectory } from './sealed-stream-directory.js';
import { PuppetSecrets } from './puppet-secrets.js';

interface Adapters {
  readonly apps: Type<AppRepository>;
  readonly bots: Type<BotRepository>;
  readonly tokens: Type<AccessTokenStore>;
  /** A token; who provides it depends on the store. */
  readonly messages: Type<MessageStore>;
  readonly streams: Type<StreamDirectory>;
}

/** The ports that store secrets, on the adapters of either store. */
export function sealedPorts({ apps, bots, tokens, messages, streams }: Adapters): Provider[] {
  return [
    apps,
    bots,
    tokens,
    streams,
    {
      provide: Sealer,
      inject: [storageConfig.KEY],
      useFactory: ({ secretsKeys }: ConfigType<typeof storageConfig>) => new Sealer(secretsKeys),
    },
    {
      provide: PuppetSecrets,
      inject: [Sealer, LOG],
      useFactory: (sealer: Sealer, log: Log) => new PuppetSecrets(sealer, log),
    },
    {
      provide: AppRepository,
      inject: [apps, Sealer, LOG],
      useFactory: (inner: AppRepository, sealer: Sealer, log: Log) =>
        new SealedAppRepository(inner, sealer, log),
    },
    {
      provide: BotRepository,
      inject: [bots, Sealer, LOG],
      useFactory: (inner: BotRepository, sealer: Sealer, log: Log) =>
        new SealedBotRepository(inner, sealer, log),
    },
    {
      provide: AccessTokenStore,
      inject: [tokens, Sealer, LOG],
      useFactory: (inner: AccessTokenStore, sealer: Sealer, log: Log) =>
        new SealedAccessTokenStore(inner, sealer, log),
    },
    {
      provide: MessageStore,
      inject: [messages, Sealer, LOG],
      useFactory: (inner: MessageStore, sealer: Sealer, log: Log) =>
        new SealedMessageStore(inner, sealer, log),
    },
    {
      provide: StreamDirectory,
      inject: [streams, Sealer, LOG],
      useFactory: (inner: StreamDirectory, sealer: Sealer, log: Log) =>
        new SealedStreamDirectory(inner, sealer, log),
    },
  ];
}
