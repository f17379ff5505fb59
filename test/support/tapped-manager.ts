import { afterAll, beforeAll } from '@jest/globals';
import { ByteTap } from './byte-tap.js';
import { type ManagerProcess, startManager } from './manager-process.js';
import { embeddedPlace, type Place } from './place.js';

export const ROLES = {
  AUTH_PUPPET_TOKEN: 'secret-of-the-puppets',
  AUTH_GATEWAY_TOKEN: 'secret-of-the-gateways',
  AUTH_OPERATOR_TOKEN: 'secret-of-the-operators',
};

export interface TappedManager {
  /** The manager itself. */
  readonly url: string;
  /** Where the tap listens, for what stands before both. */
  readonly port: number;
  /** The bytes that came since this was called last, each as one character. */
  arrived(): string;
}

/** One manager with a secret for each role, and a tap before it, for all tests of the suite in which this is called. */
export function tappedManager(): TappedManager {
  let place: Place;
  let manager: ManagerProcess;
  let tap: ByteTap;

  beforeAll(async () => {
    place = embeddedPlace();
    manager = await startManager({ ...place.env, ...ROLES, HOST: '127.0.0.1', TRUST_PROXY: '127.0.0.1' });
    tap = await ByteTap.open(manager.url);
  });

  afterAll(async () => {
    await tap.close();
    await manager.stop();
    await place.discard();
  });

  return {
    get url() {
      return manager.url;
    },
    get port() {
      return tap.port;
    },
    arrived: () => tap.take(),
  };
}

/** Of each request among the bytes. */
export function firstLinesOf(bytes: string): string[] {
  return bytes.match(/^[A-Z]+ .* HTTP\/1\.[01](?=\r$)/gm) ?? [];
}
