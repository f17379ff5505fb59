import type { Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** The addresses that the manager listens on. A tunnel to one of them would call the manager itself. */
export class OwnAddresses {
  constructor(private readonly server: Pick<Server, 'address'>) {}

  /** @param address an IP address; for a host name the answer is false. */
  has(address: string, port: number): boolean {
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string' || bound.port !== port) return false;
    if (!ipaddr.isValid(address)) return false;
    const dialled = ipaddr.process(address);
    const listening = ipaddr.process(bound.address);
    // Linux connects to the loopback address instead of an unspecified one.
    if (dialled.range() === 'unspecified') return true;
    if (listening.range() !== 'unspecified') return dialled.toString() === listening.toString();
    return dialled.range() === 'loopback' || addressesOfMachine().includes(dialled.toString());
  }
}

/** Read for each check: addresses may change while the process runs. */
function addressesOfMachine(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((some) => some ?? [])
    .map(({ address }) => ipaddr.process(address).toString());
}
