import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { LOG, type Log } from '../kernel/log.js';
import type { AskedBy } from '../kernel/role.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Puppet } from '../registry/puppet.js';
import { RegistryService } from '../registry/registry.service.js';
import { type HintHead, hintKey } from './hint.js';
import { Outbox } from './outbox.js';
import { PuppetClient } from './puppet-client.js';
import { Redelivery } from './redelivery.js';

const PAGE_SIZE = 200;
/** Of one page; enough for the store to commit them together, few enough to leave it to others. */
const AT_ONCE = 32;

/** Which hint: by its account, and by corp too where events of several were kept for it. */
export interface HintName {
  readonly openKfId: string;
  readonly corpId: string | null;
}

/** What operators do with what waits or is dead. Each is logged with who asked. */
@Injectable()
export class HintOperations {
  constructor(
    private readonly outbox: Outbox,
    private readonly registry: RegistryService,
    private readonly client: PuppetClient,
    private readonly redelivery: Redelivery,
    private readonly storeClock: StoreClock,
    private readonly lifecycle: Lifecycle,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Makes it due at once; an endpoint whose circuit is open gets it as its next probe, or after that.
   * @throws AppError `HINT_NOT_FOUND`, `HINT_UNDELIVERABLE`, `REQUEST_INVALID`, `STORE_UNAVAILABLE`; all is as it was.
   */
  async replay(name: HintName, by: AskedBy): Promise<void> {
    const hint = await this.#get(name);
    const { openKfId, corpId } = hint;
    const puppet = this.registry.findPuppet(openKfId) ?? (await this.registry.lookUpPuppet(openKfId));
    const endpoint = this.#endpointFor(hint, puppet);
    if (endpoint === null) {
      const detail = puppet?.corpId === corpId ? this.client.faultOf(puppet) : undefined;
      throw new AppError('HINT_UNDELIVERABLE', detail === undefined ? {} : { detail });
    }
    const isReplayed = await this.outbox.replay(hintKey(hint), endpoint, this.storeClock.nowMs());
    if (!isReplayed) throw new AppError('HINT_NOT_FOUND');
    this.redelivery.wakeUp();
    this.log.info({ openKfId, corpId, ...by }, 'hint.replayed');
  }

  /**
   * The same with all that are dead, of the corp or of all; what has no puppet stays dead until it has one. Ends early
   * when the process does.
   * @returns how many were made due.
   * @throws AppError `STORE_UNAVAILABLE`; some may be due by then, and it can be repeated.
   */
  async replayDead(corpId: string | null, by: AskedBy): Promise<number> {
    let [replayed, left] = [0, 0];
    try {
      for (let cursor: string | null = null; !this.lifecycle.isDraining; ) {
        const page = await this.outbox.list({ states: ['dead'], corpId }, cursor, PAGE_SIZE);
        for (let at = 0; at < page.hints.length; at += AT_ONCE) {
          const group = page.hints.slice(at, at + AT_ONCE);
          const outcomes = await Promise.all(group.map((hint) => this.#tryToReplay(hint)));
          const count = outcomes.filter((isReplayed) => isReplayed).length;
          replayed += count;
          left += outcomes.length - count;
        }
        this.redelivery.wakeUp();
        ({ cursor } = page);
        if (cursor === null) break;
      }
    } finally {
      this.log.info({ corpId, replayed, left, ...by }, 'hints.replayed');
    }
    return replayed;
  }

  /**
   * Throws it away: its event is lost to its puppet until the account's next one.
   * @throws AppError `HINT_NOT_FOUND`; `HINT_CHANGED` where another event came meanwhile, which stays; `REQUEST_INVALID`,
   *   `STORE_UNAVAILABLE`
   */
  async drop(name: HintName, by: AskedBy): Promise<void> {
    const hint = await this.#get(name);
    if (!(await this.outbox.drop(hintKey(hint), hint.generation))) throw new AppError('HINT_CHANGED');
    const { openKfId, corpId, state, attempts } = hint;
    const ageS = Math.round((this.storeClock.nowMs() - hint.arrivedAtMs) / 1_000);
    this.log.info({ openKfId, corpId, state, attempts, ageS, ...by }, 'hint.dropped');
  }

  async #tryToReplay(hint: HintHead): Promise<boolean> {
    const endpoint = this.#endpointFor(hint, this.registry.findPuppet(hint.openKfId));
    if (endpoint === null) return false;
    return this.outbox.replay(hintKey(hint), endpoint, this.storeClock.nowMs());
  }

  /** @returns `null` where nothing can be sent to. */
  #endpointFor({ corpId }: HintHead, puppet: Puppet | null): string | null {
    return puppet?.corpId === corpId ? this.client.endpointOf(puppet) : null;
  }

  async #get({ openKfId, corpId }: HintName): Promise<HintHead> {
    const corp = corpId ?? this.registry.findPuppet(openKfId)?.corpId ?? null;
    const known = corp === null ? null : await this.#find(openKfId, corp);
    const found = known !== null || corpId !== null ? [] : await this.outbox.findOfAccount(openKfId);
    if (found.length > 1) {
      const corps = found.map((hint) => hint.corpId).join(', ');
      throw new AppError('REQUEST_INVALID', { detail: `corpId must say of which corp: ${corps}` });
    }
    const hint = known ?? found[0];
    if (hint === undefined) throw new AppError('HINT_NOT_FOUND');
    return hint;
  }

  async #find(openKfId: string, corpId: string): Promise<HintHead | null> {
    const key = hintKey({ openKfId, corpId });
    return (await this.outbox.findHeads([key])).get(key) ?? null;
  }
}
