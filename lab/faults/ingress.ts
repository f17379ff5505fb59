/** What an ingress controller does: watches the replicas' `/health/ready`, and tells nginx which of them to use. */
import type { Manager } from './manager.js';
import type { Nginx } from './nginx.js';

const POLL_MS = 100;

interface Member {
  manager: Manager;
  isIn: boolean;
  isLookedAt: boolean;
}

export class Ingress {
  readonly #members: readonly Member[];
  readonly #timer: NodeJS.Timeout;

  /** @param nginx which was told of all of them. */
  constructor(
    private readonly nginx: Nginx,
    managers: readonly Manager[],
  ) {
    this.#members = managers.map((manager) => ({ manager, isIn: true, isLookedAt: false }));
    this.#timer = setInterval(() => {
      for (const member of this.#members) void this.#look(member);
    }, POLL_MS);
  }

  replace(manager: Manager): void {
    for (const member of this.#members) if (member.manager.port === manager.port) member.manager = manager;
  }

  isIn(port: number): boolean {
    return this.#members.some(({ manager, isIn }) => isIn && manager.port === port);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(member: Member): Promise<void> {
    // One at a time, so that no earlier answer counts after a later one.
    if (member.isLookedAt) return;
    member.isLookedAt = true;
    const asked = member.manager;
    const isReady = await asked.readiness();
    member.isLookedAt = false;
    // Silence for a moment is no reason: the other one has no more time on the same machine.
    if (member.manager !== asked || isReady === null || isReady === member.isIn) return;
    member.isIn = isReady;
    this.#tell();
  }

  #tell(): void {
    const ports = this.#members.filter(({ isIn }) => isIn).map(({ manager }) => manager.port);
    // With none it goes on asking those that it had.
    if (ports.length > 0) this.nginx.balance(ports);
  }
}
