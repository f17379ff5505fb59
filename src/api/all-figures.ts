import { Injectable } from '@nestjs/common';
import { type AttemptCounts, sumOf } from '../dispatch/line/recent-attempts.js';
import type { Puppet } from '../registry/puppet.js';
import { Clock } from '../kernel/clock.js';
import { OtherReplicas } from '../stream/replicas/other-replicas.js';
import {
  type AccountKey,
  type AskedFigures,
  OwnFigures,
  readToldFigures,
  type SeenFigures,
  type AccountReplies,
  type ToldFigures,
} from './own-figures.js';
import type { Failure } from '../dispatch/queue/line.js';

export const FIGURES = 'puppetWxkfManager/replicas/figures';

/** Accounts per question, which has 40 kB then at most. */
export const ASKED_AT_ONCE = 250;
const WAIT_MAX_MS = 500;

/** What all replicas have seen of a bot or an account. */
export interface AllSeen extends SeenFigures {
  /** Replicas that did not answer. */
  readonly missing: number;
}

export interface AllSeenOfAccount extends AllSeen {
  /** Of all accounts at its address. */
  readonly endpointLastHour: AttemptCounts;
  /** Of the last attempt there that failed, of whichever account. */
  readonly endpointFailure: Failure | null;
}

interface AllTold {
  readonly told: readonly ToldFigures[];
  readonly missing: number;
}

export const NOTHING: AskedFigures = { accounts: [], addresses: [], botIds: [], isBrief: false };

/**
 * What all replicas have seen: each is asked when somebody looks. Nothing is written, so that ten thousand accounts cost
 * nothing while nobody looks; what a process saw ends with it.
 */
@Injectable()
export class AllFigures {
  constructor(
    private readonly own: OwnFigures,
    private readonly others: OtherReplicas,
    private readonly clock: Clock,
  ) {}

  /** @returns what gives those of each. */
  async ofAccounts(puppets: readonly Puppet[]): Promise<(puppet: Puppet) => AllSeenOfAccount> {
    const addresses = [...new Set(puppets.map(({ endpoint }) => endpoint))];
    const accounts = puppets.map(toKey);
    const { told, missing } = await this.#ask({ ...NOTHING, accounts, addresses });
    const places = new Map(puppets.map((puppet, n) => [puppet, n]));
    const placesOfAddresses = new Map(addresses.map((address, n) => [address, n]));
    return (puppet) => {
      const [n, ofAddress] = [places.get(puppet) ?? -1, placesOfAddresses.get(puppet.endpoint) ?? -1];
      return {
        ...together(told.map(({ accounts: seen }) => seen[n])),
        endpointLastHour: sumOf(told.map(({ addresses: seen }) => seen[ofAddress] ?? [])),
        endpointFailure: newest(told.map(({ addressFailures: seen }) => seen?.[ofAddress] ?? null)),
        missing,
      };
    };
  }

  /**
   * The counts of accounts alone, in their order, for whoever puts many accounts in order: others are waited for half a
   * second in all, and then it goes on without them. Other work has its turn between the parts.
   */
  counter(): (puppets: readonly AccountKey[]) => Promise<readonly AttemptCounts[]> {
    let leftMs = WAIT_MAX_MS;
    return async (puppets) => {
      const counts: AttemptCounts[] = [];
      for (let at = 0; at < puppets.length; at += ASKED_AT_ONCE) {
        const accounts = puppets.slice(at, at + ASKED_AT_ONCE).map(toKey);
        const asked = { ...NOTHING, accounts, isBrief: true };
        const begunMs = this.clock.elapsedMs();
        const { told } = leftMs > 0 ? await this.#ask(asked) : { told: [this.own.of(asked)] };
        leftMs -= this.clock.elapsedMs() - begunMs;
        for (const n of accounts.keys())
          counts.push(sumOf(told.map(({ accounts: seen }) => seen[n]?.lastHour ?? [])));
      }
      return counts;
    };
  }

  /** @returns what gives those of each. */
  async ofBots(botIds: readonly string[]): Promise<(id: string) => AllSeen> {
    const { told, missing } = await this.#ask({ ...NOTHING, botIds });
    return (id) => ({ ...together(told.map(({ bots }) => bots[botIds.indexOf(id)])), missing });
  }

  /** When an event of each corp was last taken, store time; those of which none was are left out. */
  async takenByCorp(corpIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { told } = await this.#ask({ ...NOTHING, corpIds });
    const times = corpIds.map(
      (corpId, n) => [corpId, newestOf(told.map(({ corps }) => corps?.[n]))] as const,
    );
    return new Map(times.filter(([, atMs]) => atMs > 0));
  }

  async #ask(asked: AskedFigures): Promise<AllTold> {
    const read = (answer: unknown) => readToldFigures(answer, asked);
    const { answers, missing } = await this.others.ask(`/${FIGURES}`, asked, read);
    return { told: [this.own.of(asked), ...answers], missing };
  }
}

function toKey({ openKfId, corpId }: AccountKey): AccountKey {
  return { openKfId, corpId };
}

/** What all of them say of one account or bot. */
function together(told: readonly (SeenFigures | null | undefined)[]): SeenFigures {
  const seen = told.filter((one) => one !== null && one !== undefined);
  return {
    lastHour: sumOf(seen.map(({ lastHour }) => lastHour)),
    taken: newest(seen.map(({ taken }) => taken)),
    failure: newest(seen.map(({ failure }) => failure)),
    ...repliesTogether(seen),
  };
}

/** What all of them say of the replies of one account: what WeCom said last, through whichever of them. */
export function repliesTogether(seen: readonly AccountReplies[]): AccountReplies {
  const repliedAtMs = seen.reduce<number | null>(
    (last, { repliedAtMs: atMs }) => (atMs === null ? last : Math.max(last ?? 0, atMs)),
    null,
  );
  // An earlier version does not tell them.
  const replyFailure = newest(seen.map((one) => one.replyFailure ?? null));
  const noAccount = newest(seen.map((one) => one.noAccount ?? null));
  const lastMs = Math.max(...[replyFailure?.atMs, noAccount?.atMs, repliedAtMs].map((atMs) => atMs ?? 0));
  return {
    repliedAtMs,
    replyFailure: replyFailure?.atMs === lastMs ? replyFailure : null,
    noAccount: noAccount?.atMs === lastMs ? noAccount : null,
  };
}

/** @returns 0 where there is none. An earlier version tells none. */
function newestOf(times: readonly (number | null | undefined)[]): number {
  return times.reduce<number>((last, atMs) => Math.max(last, atMs ?? 0), 0);
}

function newest<T extends { readonly atMs: number }>(some: readonly (T | null)[]): T | null {
  return some.reduce<T | null>(
    (last, one) => (one !== null && one.atMs > (last?.atMs ?? -1) ? one : last),
    null,
  );
}
