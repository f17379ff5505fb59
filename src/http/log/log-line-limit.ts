/**
 * Limits the log lines that callers without a secret or a signature can cause, which could fill the disk. Answers do not
 * change, since the address may be that of a load balancer.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import type { Log } from '../../kernel/log.js';
import { toAddressKey } from '../request/address.js';
import { FailedAttempts } from '../limits/failed-attempts.js';

const LINES_PER_MINUTE = 60;
const TOLD_EVERY_MS = 60_000;
/** For how many addresses further lines are counted at a time. */
const ADDRESSES_TOLD_MAX = 1_000;

export class LogLineLimit {
  readonly #lines: FailedAttempts;
  readonly #leftOut = new LRUCache<string, number>({ max: ADDRESSES_TOLD_MAX });
  #untold = 0;
  #isTold = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.#lines = new FailedAttempts(clock);
  }

  /** The level of the next such line of the address: `debug` beyond the limit. */
  levelFor(address: string | undefined): 'info' | 'debug' {
    const key = toAddressKey(address);
    if (this.#lines.add(key).count <= LINES_PER_MINUTE) return 'info';
    this.#untold++;
    this.#leftOut.set(key, (this.#leftOut.get(key) ?? 0) + 1);
    if (!this.#isTold) this.#tell();
    return 'debug';
  }

  /** Logs the first line beyond the limit at once, and then once a minute how many came since. */
  #tell(): void {
    const [address, most] = [...this.#leftOut.entries()].reduce((a, b) => (b[1] > a[1] ? b : a));
    const fields = { lines: this.#untold, address, ofAddress: most, perMinute: LINES_PER_MINUTE };
    this.log.warn(fields, 'http.too_many_lines');
    this.#untold = 0;
    this.#leftOut.clear();
    this.#isTold = true;
    this.clock.after(TOLD_EVERY_MS, () => {
      this.#isTold = false;
      if (this.#untold > 0) this.#tell();
    });
  }
}
