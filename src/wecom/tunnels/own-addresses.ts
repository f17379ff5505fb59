import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** Where the manager itself listens, so that it is never dialled. */
export class OwnAddresses {
  constructor(private readonly server: Pick<Server, 'address'>) {}

  /** False for what is no address. */
  has(address: string, port: number): boolean {
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string' || bound.port !== port) return false;
    if (!ipaddr.isValid(address)) return false;
    const dialled = ipaddr.process(address);
    const listening = ipaddr.process(bound.address);
    // Linux takes it for loopback.
    if (dialled.range() === 'unspecified') return true;
    if (listening.range() !== 'unspecified') return dialled.toString() === listening.toString();
    return dialled.range() === 'loopback' || addressesOfMachine().includes(dialled.toString());
  }
}

/** They may change while the process runs. */
function addressesOfMachine(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((some) => some ?? [])
    .map(({ address }) => ipaddr.process(address).toString());
}
