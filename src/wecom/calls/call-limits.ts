import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { wecomConfig } from '../client/wecom.config.js';
import { Clock } from '../../kernel/clock.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { CallQuota } from './call-quota.js';
import type { CallLimit } from './call-windows.js';
import { type Asker, SyncTurns } from './sync-turns.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** APIs with a count of their own. WeCom documents some 500. All others share one count, since callers can make up names. */
const APIS_MAX = 1_000;

/**
 * After so long a replica knows which sync tokens came to others: they write them after 0.5 s, it reads every 2 s, and the store
 * takes its time.
 */
const TOLD_MS = 4_500;

/** Who sends a `kf/sync_msg` without a sync token, or with one that is not known to be good. */
export interface TokenlessSync extends Asker {
  /** Whether its token is known by now, since another replica had the event; left out where it has none. */
  readonly isGoodByNow?: () => boolean;
}

/** A call as WeCom counts it. */
export interface CountedCall {
  /** `null` when the token's corp is unknown. Such calls share one count. */
  readonly corpId: string | null;
  readonly api: string;
  /** `null` for any other call. */
  readonly tokenlessSync: TokenlessSync | null;
}

/**
 * Keeps WeCom's limits before WeCom does. Otherwise WeCom blocks the corp or the address for the rest of a minute or an hour
 * (developer.work.weixin.qq.com/document/path/90312; of tokenless syncs: path/94670).
 */
@Injectable()
export class CallLimits {
  readonly #perCorp: readonly CallLimit[];
  readonly #perAddress: readonly CallLimit[];
  readonly #tokenlessSyncs: CallLimit;
  readonly #turns: SyncTurns;
  readonly #apis = new Set<string>();

  constructor(
    private readonly quota: CallQuota,
    @Inject(wecomConfig.KEY) config: ConfigType<typeof wecomConfig>,
    private readonly bots: KnownBots,
    private readonly clock: Clock,
  ) {
    this.#turns = new SyncTurns(config.tokenlessSyncsPerMinute);
    this.#tokenlessSyncs = {
      name: 'tokenless-sync-minute',
      max: config.tokenlessSyncsPerMinute,
      windowMs: MINUTE_MS,
    };
    this.#perCorp = [
      { name: 'corp-minute', max: config.corpCallsPerMinute, windowMs: MINUTE_MS },
      { name: 'corp-hour', max: config.corpCallsPerHour, windowMs: HOUR_MS },
    ];
    this.#perAddress = [
      { name: 'ip-minute', max: config.ipCallsPerMinute, windowMs: MINUTE_MS },
      { name: 'ip-hour', max: config.ipCallsPerHour, windowMs: HOUR_MS },
    ];
  }

  /**
   * Counts the call. A pull whose token other replicas may know goes on at once while there are pulls without one, and has its
   * place given back when they tell of the token; when there are none, it waits for that.
   * @returns `null` when it may be made; else the seconds after which to try again.
   */
  async take(call: CountedCall): Promise<number | null> {
    const taken = await this.#count(call);
    const isGoodByNow = call.tokenlessSync?.isGoodByNow;
    if (typeof taken !== 'number') {
      if (isGoodByNow !== undefined) this.clock.after(TOLD_MS, () => isGoodByNow() && taken());
      return null;
    }
    if (isGoodByNow === undefined) return taken;
    await this.clock.sleep(TOLD_MS);
    return isGoodByNow() ? this.take({ ...call, tokenlessSync: null }) : taken;
  }

  /** @returns how to give back a pull without a token; or the seconds after which to try again. */
  async #count({ corpId, api, tokenlessSync }: CountedCall): Promise<(() => void) | number> {
    const corp = corpId ?? '(unknown)';
    const pull = tokenlessSync === null ? () => {} : await this.#takePull(corp, tokenlessSync);
    if (typeof pull === 'number') return toSeconds(pull);
    const counted = this.#countedApi(api);
    const counts: [string, CallLimit][] = [
      ...this.#perCorp.map((limit): [string, CallLimit] => [`${corp} ${counted}`, limit]),
      ...this.#perAddress.map((limit): [string, CallLimit] => [counted, limit]),
    ];
    for (const [key, limit] of counts) {
      const waitMs = await this.quota.take(key, limit);
      if (waitMs === null) continue;
      pull();
      return toSeconds(waitMs);
    }
    return pull;
  }

  /** @returns how to give it back; or the milliseconds after which to try again. */
  async #takePull(corp: string, asker: Asker): Promise<(() => void) | number> {
    const turn = this.#turns.take(corp, asker, this.bots.countOf(corp), this.clock.elapsedMs());
    if (typeof turn === 'number') return turn;
    const counted = await this.quota.takeSliding(corp, this.#tokenlessSyncs);
    if (typeof counted !== 'number')
      return () => {
        turn();
        counted();
      };
    turn();
    return counted;
  }

  /** Gives an API a count of its own. Call it once WeCom has answered, which shows that the API exists. */
  noteKnown(api: string): void {
    if (this.#apis.size < APIS_MAX) this.#apis.add(api.toLowerCase());
  }

  /** The name under which an API is counted, the same in upper and lower case. */
  #countedApi(api: string): string {
    const name = api.toLowerCase();
    return this.#apis.has(name) ? name : '(other)';
  }
}

function toSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1_000));
}
