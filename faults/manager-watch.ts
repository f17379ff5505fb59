/** What the manager itself knows best: how late its event loop was, by a timer that is loaded into it; and its memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manager } from './manager.js';

const PERIOD_MS = 100;
const RSS_POLL_MS = 100;

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
    return { rssMb, loopDelayMs: this.#delayMsSince(beganMs) };
  }

  #delayMsSince(beganMs: number): number {
    const lines = readFileSync(this.#file, 'utf8').trim().split('\n');
    const delays = lines.map((line) => line.split(' ').map(Number));
    return Math.max(0, ...delays.map(([atMs = 0, delayMs = 0]) => (atMs > beganMs ? delayMs : 0)));
  }
}
