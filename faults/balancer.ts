/** The least that stands before replicas: callbacks go in turn to those whose `/health/ready` says 200. */
import type { Account } from '../bench/load/accounts.js';
import { type Answer, Caller } from './load.js';
import type { Manager } from './manager.js';
import type { Oracle } from './oracle.js';

const POLL_MS = 100;

interface Member {
  readonly caller: Caller;
  manager: Manager;
  isIn: boolean;
  isLookedAt: boolean;
}

export class Balancer {
  readonly #members: Member[];
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  constructor(
    managers: readonly Manager[],
    private readonly oracle: Oracle,
  ) {
    this.#members = managers.map((manager) => ({
      caller: new Caller(manager.port, oracle),
      manager,
      isIn: true,
      isLookedAt: false,
    }));
    this.#timer = setInterval(() => {
      for (const member of this.#members) void this.#look(member);
    }, POLL_MS);
  }

  send(account: Account): Promise<Answer> {
    const members = this.#members.filter(({ isIn }) => isIn);
    const member = members[this.#next++ % members.length];
    if (member) return member.caller.send(account);
    const sentAtMs = performance.now();
    this.oracle.answered(account.openKfId, sentAtMs, null);
    return Promise.resolve({ status: null, sentAtMs, latencyMs: 0 });
  }

  replace(manager: Manager): void {
    for (const member of this.#members) if (member.manager.port === manager.port) member.manager = manager;
  }

  isIn(port: number): boolean {
    return this.#members.some(({ manager, isIn }) => isIn && manager.port === port);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { caller } of this.#members) caller.close();
  }

  async #look(member: Member): Promise<void> {
    // One at a time, so that no earlier answer counts after a later one.
    if (member.isLookedAt) return;
    member.isLookedAt = true;
    const asked = member.manager;
    const isReady = await asked.readiness();
    member.isLookedAt = false;
    // Silence for a moment is no reason: the other one has no more time on the same machine.
    if (member.manager === asked && isReady !== null) member.isIn = isReady;
  }
}
