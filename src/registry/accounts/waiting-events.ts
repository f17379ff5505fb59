import type { Destination } from './destination.js';
import type { Puppet } from '../puppet.js';

/** The events that wait for somebody to take them. */
export abstract class WaitingEvents {
  /**
   * Claims what waits for the puppet's account. Call it once the registration is stored, before it is answered.
   * @returns a function that sends the claimed event; call it in the tick in which the answer was written.
   */
  abstract claimFor(registered: Puppet): Promise<() => void>;

  /**
   * Makes due what waits for the account, if anybody takes its events now.
   * @param isMoved whether a bot that was there before has got the account.
   */
  abstract wake(destination: Destination, isMoved: boolean): Promise<void>;
}
