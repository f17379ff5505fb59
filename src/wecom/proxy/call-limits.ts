import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { wecomConfig } from '../wecom.config.js';
import { type CallLimit, CallQuota } from './call-quota.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Callers can name APIs that there are not, which share a count. WeCom documents some 500. */
const APIS_MAX = 1_000;

/** A call as WeCom counts it. */
export interface CountedCall {
  /** `null` when the token's corp is unknown: such calls share a count. */
  readonly corpId: string | null;
  readonly api: string;
  /** A `kf/sync_msg` without the sync token of an event. */
  readonly isTokenlessSync: boolean;
}

/**
 * WeCom's limits, kept by us, since it blocks the company or its address for the rest of a minute or an hour
 * (developer.work.weixin.qq.com/document/path/90312; of tokenless syncs: path/94670).
 */
@Injectable()
export class CallLimits {
  readonly #perCorp: readonly CallLimit[];
  readonly #perAddress: readonly CallLimit[];
  readonly #tokenlessSyncs: CallLimit;
  readonly #apis = new Set<string>();

  constructor(
    private readonly quota: CallQuota,
    @Inject(wecomConfig.KEY) config: ConfigType<typeof wecomConfig>,
  ) {
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

  /** Counts the call. @returns `null` when it may be made; else the seconds until one may. */
  async take({ corpId, api, isTokenlessSync }: CountedCall): Promise<number | null> {
    const counted = this.#countedApi(api);
    const corp = corpId ?? '(unknown)';
    const counts: [string, CallLimit][] = [
      ...this.#perCorp.map((limit): [string, CallLimit] => [`${corp} ${counted}`, limit]),
      ...this.#perAddress.map((limit): [string, CallLimit] => [counted, limit]),
    ];
    if (isTokenlessSync) counts.unshift([corp, this.#tokenlessSyncs]);
    for (const [key, limit] of counts) {
      const waitMs = await this.quota.take(key, limit);
      if (waitMs !== null) return Math.max(1, Math.ceil(waitMs / 1_000));
    }
    return null;
  }

  /** WeCom has such an API: it gets a count of its own. */
  noteKnown(api: string): void {
    if (this.#apis.size < APIS_MAX) this.#apis.add(api.toLowerCase());
  }

  /** Counts an API once, in whatever case it is written. */
  #countedApi(api: string): string {
    const name = api.toLowerCase();
    return this.#apis.has(name) ? name : '(other)';
  }
}
