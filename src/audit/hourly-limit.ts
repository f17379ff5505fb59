import type { Clock } from '../kernel/clock.js';
import { newLru } from '../kernel/lru.js';
import type { AuditEntry } from './audit-entry.js';

const HOUR_MS = 3_600_000;
/** Twice as many keys as there can be operators. Beyond that the ones used longest ago are forgotten. */
const KEYS_MAX = 2_000;

/** The calls of one key within an hour. */
interface Hour {
  count: number;
  /** The entries that count further calls, by address. */
  readonly further: Map<string, AuditEntry>;
  readonly endMs: number;
}

/** Counts the calls of each key within an hour. */
export class HourlyLimit {
  readonly #hours = newLru<Hour>(KEYS_MAX);

  constructor(private readonly clock: Clock) {}

  /** Counts one call. @returns `null` for the first `max` calls of the hour, and after them the entries that count further ones. */
  countFurther(key: string, max: number): Hour['further'] | null {
    const nowMs = this.clock.elapsedMs();
    let hour = this.#hours.get(key);
    if (hour === undefined || hour.endMs <= nowMs) {
      hour = { count: 0, further: new Map(), endMs: nowMs + HOUR_MS };
      this.#hours.set(key, hour);
    }
    return ++hour.count <= max ? null : hour.further;
  }
}
