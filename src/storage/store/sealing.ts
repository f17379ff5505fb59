import type { Provider } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Sealer } from '../../crypto/sealer.js';
import { LOG, type Log } from '../../kernel/log.js';
import { storageConfig } from './storage.config.js';
import { PuppetSecrets } from '../puppets/puppet-secrets.js';

/** What seals secrets, whichever store keeps them. */
export const SEALING: readonly Provider[] = [
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
];
