import type { Provider, Type } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Sealer } from '../../crypto/sealer.js';
import { LOG, type Log } from '../../kernel/log.js';
import { MessageStore } from '../../messages/message-store.js';
import { storageConfig } from '../storage.config.js';
import { SealedMessageStore } from './sealed-message.store.js';
import { PuppetSecrets } from './puppet-secrets.js';

interface Adapters {
  /** A token; who provides it depends on the store. */
  readonly messages: Type<MessageStore>;
}

/** The ports that store secrets, on the adapters of either store. */
export function sealedPorts({ messages }: Adapters): Provider[] {
  return [
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
      provide: MessageStore,
      inject: [messages, Sealer, LOG],
      useFactory: (inner: MessageStore, sealer: Sealer, log: Log) =>
        new SealedMessageStore(inner, sealer, log),
    },
  ];
}
