import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { OWN_REPLICA_KEY } from '../../http/access/replica-key.js';
import { REPLICA } from '../../kernel/replica.js';
import { replicasConfig } from './replicas.config.js';
import type { StreamReplica } from './stream-directory.js';

/** This process, as other replicas reach it. */
@Injectable()
export class OwnReplica implements StreamReplica {
  readonly id = REPLICA;
  readonly key = OWN_REPLICA_KEY;
  #url = '';

  constructor(@Inject(replicasConfig.KEY) private readonly config: ConfigType<typeof replicasConfig>) {}

  get url(): string {
    return this.#url;
  }

  /** Call it once the server listens. */
  listensAt(server: Server): void {
    const { port } = server.address() as AddressInfo;
    this.#url = this.config.replicaUrl?.origin ?? `http://${hostOf(this.config.host)}:${port}`;
  }
}

/** The address that this process listens on. If it listens on all addresses, the first one that others can reach. */
function hostOf(host: string): string {
  const isAny = host === '0.0.0.0' || host === '::' || host === '';
  const found = isAny ? firstReachable() : host;
  return found.includes(':') ? `[${found}]` : found;
}

function firstReachable(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const others = addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const first = others.find(({ family }) => family === 'IPv4') ?? others[0];
  return first?.address ?? '127.0.0.1';
}
