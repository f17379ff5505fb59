/** What the manager itself knows best: how late its event loop was, by a timer that is loaded into it; and its memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manager } from './manager.js';

const PERIOD_MS = 100;
const RSS_POLL_MS = 100;
const COMES_ROUND_WITHIN_MS = 10_000;

/** A line each period: when it ended (epoch), and the longest delay in it. Written at once, since it is read meanwhile. */
const SOURCE = `
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delays = monitorEventLoopDelay({ resolution: 5 });
delays.enable();
setInterval(() => {
  appendFileSync(process.env.FAULTS_LOOP_FILE, Date.now() + ' ' + delays.max / 1e6 + '\\n');
  delays.reset();
}, ${PERIOD_MS}).unref();
`;

/** Of a manager that was started with `env`. */
export class ManagerWatch {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'event-loop.txt');
    this.env = {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(SOURCE)}`,
      FAULTS_LOOP_FILE: this.#file,
    };
  }

  /** For so long. @returns the highest of each. */
  async peaks(manager: Manager, durationMs: number): Promise<{ rssMb: number; loopDelayMs: number }> {
    const beganMs = Date.now();
    const endMs = performance.now() + durationMs;
    let rssMb = 0;
    while (performance.now() < endMs) {
      rssMb = Math.max(rssMb, manager.usage()?.rssMb ?? 0);
      await sleep(Math.min(RSS_POLL_MS, Math.max(0, endMs - performance.now())));
    }
    return { rssMb, loopDelayMs: await this.#delayMs(beganMs, Date.now()) };
  }

  /** Known once the loop has come round. */
  async #delayMs(beganMs: number, endedMs: number): Promise<number> {
    const limitMs = performance.now() + COMES_ROUND_WITHIN_MS;
    for (;;) {
      const delays = this.#delays().filter(({ atMs }) => atMs > beganMs);
      const isKnown = delays.some(({ atMs }) => atMs > endedMs + PERIOD_MS);
      if (isKnown || performance.now() > limitMs) return Math.max(0, ...delays.map(({ delayMs }) => delayMs));
      await sleep(PERIOD_MS / 2);
    }
  }

  #delays(): { atMs: number; delayMs: number }[] {
    const lines = readFileSync(this.#file, 'utf8').trim().split('\n');
    return lines.map((line) => {
      const [atMs = 0, delayMs = 0] = line.split(' ').map(Number);
      return { atMs, delayMs };
    });
  }
}
