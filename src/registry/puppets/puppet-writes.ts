import { Inject, Injectable } from '@nestjs/common';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { AccountHistories } from './account-history.js';
import { RegistryImage } from './registry-image.js';

/** One write of this process to an account that has no answer yet. */
export interface OwnWrite {
  /** Puts the outcome into the image; `null` when there is none. */
  end(puppet: Puppet | null): void;
  /** The account is no longer there. */
  endForgotten(): void;
  /** It is not known whether the store has it, so the account is read again. */
  fail(): void;
}

/** Long, since after an outage all puppets may register at once. */
const WRITE_LIMIT_MS = 10_000;

/**
 * Waits for the write for a limited time. The write itself goes on; a late outcome still reaches the image.
 * @param end what to do with a late outcome, if not `write.end`.
 */
export async function inTime<T extends Puppet | null>(
  write: OwnWrite,
  work: Promise<T>,
  end: (outcome: T) => void = write.end,
): Promise<T> {
  try {
    return await withinDeadline(WRITE_LIMIT_MS, 'write', work);
  } catch (error) {
    work.then(end, write.fail);
    throw error;
  }
}

/**
 * Puts puppets into the image: what this process writes, in the order of its writes, and what it reads. A read never undoes
 * an own write that began after it or has no answer yet.
 */
@Injectable()
export class PuppetWrites {
  readonly #underWay = new Map<string, number>();
  /** Accounts to read once no own write of them is under way. */
  readonly #uncertain = new Set<string>();
  readonly #lastApplied = new Map<string, number>();
  #order = 0;

  constructor(
    private readonly image: RegistryImage,
    private readonly repository: PuppetRepository,
    private readonly histories: AccountHistories,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Rises with each own write; taken before a read, it tells which writes the read may not have seen. */
  get order(): number {
    return this.#order;
  }

  begin(openKfId: string): OwnWrite {
    const order = ++this.#order;
    const others = this.#underWay.get(openKfId) ?? 0;
    this.#underWay.set(openKfId, others + 1);
    // A shared store may take writes that are under way together in any order.
    if (others > 0) this.#uncertain.add(openKfId);
    let hasEnded = false;
    const end = (apply: () => void): void => {
      if (hasEnded) return;
      hasEnded = true;
      const left = (this.#underWay.get(openKfId) ?? 1) - 1;
      if (left > 0) this.#underWay.set(openKfId, left);
      else this.#underWay.delete(openKfId);
      apply();
      if (left === 0 && this.#uncertain.delete(openKfId)) void this.#reread(openKfId);
    };
    const inOrder = (apply: () => void): void => {
      if ((this.#lastApplied.get(openKfId) ?? 0) > order) return;
      this.#lastApplied.set(openKfId, order);
      apply();
    };
    return {
      end: (puppet) =>
        end(() => {
          if (puppet !== null) inOrder(() => this.image.put(this.#asKnown(puppet)));
        }),
      // Remembers when it was removed, so that a read that began before does not bring it back.
      endForgotten: () => end(() => inOrder(() => this.#remove(openKfId))),
      fail: () => end(() => this.#uncertain.add(openKfId)),
    };
  }

  /** Whether a write of this process to the account has no answer yet. */
  isUnderWay(openKfId: string): boolean {
    return this.#underWay.has(openKfId);
  }

  /** Puts what a read found into the image. @param order when the read began. */
  applyRead(puppets: readonly Puppet[], order: number): void {
    for (const puppet of puppets) {
      if (this.#isOvertaken(puppet.openKfId, order)) continue;
      this.image.put(this.#asKnown(puppet));
    }
  }

  /** Removes accounts that a read found forgotten. @param order when the read began. */
  applyForgotten(openKfIds: readonly string[], order: number): void {
    for (const openKfId of openKfIds) if (!this.#isOvertaken(openKfId, order)) this.#remove(openKfId);
  }

  /**
   * Removes the accounts that a read of all puppets has not seen.
   * @param order when the read began.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async removeUnseen(seen: ReadonlySet<string>, order: number): Promise<void> {
    for (const openKfId of [...this.image.openKfIds()]) {
      if (seen.has(openKfId) || this.#isOvertaken(openKfId, order)) continue;
      // The account may have been written during the read, so its record is read once more.
      const puppet = await this.repository.find(openKfId);
      if (puppet !== null || this.#isOvertaken(openKfId, order)) continue;
      this.#remove(openKfId);
      this.#lastApplied.delete(openKfId);
    }
  }

  async #reread(openKfId: string): Promise<void> {
    if (!this.repository.isShared) return;
    const order = this.#order;
    try {
      const puppet = await this.repository.find(openKfId);
      if (puppet !== null) this.applyRead([puppet], order);
      else this.applyForgotten([openKfId], order);
    } catch (err) {
      // The next sweep reads it.
      this.log.debug({ openKfId, err }, 'registry.reread_failed');
    }
  }

  #remove(openKfId: string): void {
    if (this.image.remove(openKfId)) this.histories.forget(openKfId);
  }

  /** A puppet whose endpoint is in use here counts as answered: the mark may have been written after this read. */
  #asKnown(puppet: Puppet): Puppet {
    if (puppet.answered) return puppet;
    const known = this.image.findPuppet(puppet.openKfId);
    const isInUse = known?.online === true && known.answered && known.endpoint === puppet.endpoint;
    return isInUse ? { ...puppet, answered: true } : puppet;
  }

  #isOvertaken(openKfId: string, order: number): boolean {
    return this.#underWay.has(openKfId) || (this.#lastApplied.get(openKfId) ?? 0) > order;
  }
}
