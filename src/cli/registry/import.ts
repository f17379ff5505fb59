import type { Sealer } from '../../crypto/sealer.js';
import type { EndpointPolicy } from '../../registry/endpoint-policy.js';
import { isSamePuppet, type Puppet } from '../../registry/puppet.js';
import type { PuppetRepository } from '../../registry/puppet.repository.js';
import { Progress } from '../progress.js';
import { type Header, type Line, readLine } from './file-format.js';
import type { NumberedLine } from './read-lines.js';

/** Writes under way: a store commits many at once, and waits for the disk as long for one. */
const AT_ONCE = 48;

export interface WhatToChange {
  /** Also what is stored and differs. */
  readonly mayReplace: boolean;
  /** Nothing: what would become of each line is counted. */
  readonly isTrial: boolean;
}

type Outcome = 'added' | 'replaced' | 'unchanged' | 'skipped';

/** Puts the registrations of a file into the store, each line for itself: whole or not at all. */
export class Import {
  readonly #counts = { added: 0, replaced: 0, unchanged: 0, skipped: 0, failed: 0 };
  readonly #progress = new Progress();
  #registrations = 0;
  /** The line of each account. */
  readonly #lines = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  #isWhole = false;
  /** What follows is none of the file as it was exported, and is not taken. */
  #hasEnded = false;
  #failure: unknown = null;

  constructor(
    private readonly repository: PuppetRepository,
    private readonly endpoints: EndpointPolicy,
    private readonly what: WhatToChange,
    private readonly stop: AbortSignal,
  ) {}

  get counts() {
    return { ...this.#counts };
  }

  get summary(): string {
    const { added, replaced, unchanged, skipped, failed } = this.#counts;
    const hint = skipped > 0 ? ' (registered otherwise here; --replace puts the file’s in their place)' : '';
    const text = `${added} added, ${replaced} replaced, ${unchanged} unchanged, ${skipped} skipped${hint}, ${failed} failed`;
    return this.what.isTrial ? `dry run, no registration was written: ${text}` : text;
  }

  /** @throws AppError `STORE_UNAVAILABLE`, Interrupted; what was written until then stays, and all can be repeated. */
  async run(lines: AsyncIterable<NumberedLine>, header: Header, sealer: Sealer): Promise<void> {
    try {
      for await (const { number, bytes } of lines) {
        this.stop.throwIfAborted();
        this.#take(number, readLine(bytes, header, sealer));
        if (this.#underWay.size >= AT_ONCE) await Promise.race(this.#underWay);
        if (this.#failure !== null) throw this.#failure;
        this.#progress.tell(() => this.summary);
      }
    } finally {
      await Promise.all(this.#underWay);
    }
    if (this.#failure !== null) throw this.#failure;
    if (!this.#isWhole)
      this.#fail('the file does not end as it was exported: lines of it are missing or were added');
  }

  #take(number: number, line: Line): void {
    if (this.#hasEnded) {
      this.#isWhole = false;
      return;
    }
    if ('end' in line) {
      this.#isWhole = line.end === this.#registrations;
      this.#hasEnded = true;
      return;
    }
    this.#registrations++;
    const fault = 'fault' in line ? line.fault : this.#faultOf(line.puppet);
    if (fault !== null) this.#fail(`line ${number}: ${fault}`);
    if (fault !== null || 'fault' in line) return;
    this.#lines.set(line.puppet.openKfId, number);
    const written = this.#write(line.puppet)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#underWay.delete(written));
    this.#underWay.add(written);
  }

  /** As a registration would be refused. */
  #faultOf({ openKfId, endpoint }: Puppet): string | null {
    const before = this.#lines.get(openKfId);
    if (before !== undefined) return `kfId is on line ${before} already`;
    const judged = this.endpoints.read(endpoint);
    return 'must' in judged ? `endpoint must ${judged.must}` : null;
  }

  async #write(puppet: Puppet): Promise<void> {
    let outcome: Outcome = 'skipped';
    const judge = (stored: Puppet | null): boolean => {
      outcome = this.#outcomeOf(puppet, stored);
      return outcome === 'added' || outcome === 'replaced';
    };
    if (this.what.isTrial) judge(await this.repository.find(puppet.openKfId));
    else await this.repository.restore(puppet, judge);
    this.#counts[outcome]++;
  }

  #outcomeOf(puppet: Puppet, stored: Puppet | null): Outcome {
    if (stored === null) return 'added';
    if (isSamePuppet(puppet, { ...stored, answered: puppet.answered })) return 'unchanged';
    return this.what.mayReplace ? 'replaced' : 'skipped';
  }

  #fail(fault: string): void {
    this.#counts.failed++;
    this.#progress.name(fault);
  }
}
