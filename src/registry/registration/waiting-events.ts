import type { Puppet } from '../puppet.js';

/** What waits for a puppet to register. */
export abstract class WaitingEvents {
  /**
   * A registration is stored and about to be answered.
   * @returns what sends it on its way, to be called in the tick in which the answer was written.
   */
  abstract claimFor(registered: Puppet): Promise<() => void>;
}
