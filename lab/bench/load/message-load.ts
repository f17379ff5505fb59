/** Customers who write: many messages at once, one at a time, and at a steady rate. What comes is checked by `Conversation`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { type Callback, makeCallback } from './accounts.js';
import type { Conversation } from './kf-messages.js';
import { Latencies } from './latencies.js';
import type { MessageBots } from './message-bots.js';
import { type Program, TITLES } from './programs.js';
import type { Round } from './round.js';

const CONNECTIONS = 64;
const LOOK_AGAIN_MS = 2;
const ALL_ARRIVED_WITHIN_MS = 60_000;
/** Between two messages that are sent one at a time: what is stored after the first is then on the disk. */
const PAUSE_MS = 10;
const TICK_MS = 1;
/** WeCom sends a callback again that was not answered 200, three times (developer.work.weixin.qq.com/document/path/90238). */
const TRIES = 4;
const TRY_AGAIN_MS = 1_000;

export type Waits = {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the last append to the last arrival: much more than p99 where the manager did not keep up. */
  readonly endedAfterMs: number;
  /** Of one core, 0..1; `null` where there is no /proc. */
  readonly serverShare: number | null;
  readonly loadShare: number;
  /** Callbacks that were not answered 200; they were sent again. */
  readonly failed: number;
};

export class MessageLoad {
  readonly #pool: Pool;
  #failures = new Map<string, number>();

  constructor(
    private readonly program: Program,
    private readonly bots: MessageBots,
  ) {
    this.#pool = new Pool(`http://127.0.0.1:${program.port}`, { connections: CONNECTIONS });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /**
   * So many messages of each account are there when one callback tells of them. The rate is that from the first arrival to
   * the last, at all bots together. CPU time includes the pulling; p50 and p99 are of the time between two arrivals of an account.
   */
  async backlog(perAccount: number): Promise<Round> {
    const { conversations } = this.bots;
    for (const one of conversations) for (let n = 0; n < perAccount; n += 1) one.append();
    const callbacks = conversations.map(({ account }) => makeCallback(account));
    const gaps = new Latencies();
    const lastAtMs = new Map<Conversation, number>();
    let firstAtMs = Number.POSITIVE_INFINITY;
    this.bots.onArrival = (_ageMs, conversation) => {
      const { arrivedAtMs } = conversation;
      const beforeMs = lastAtMs.get(conversation);
      if (beforeMs !== undefined) gaps.add(arrivedAtMs - beforeMs);
      lastAtMs.set(conversation, arrivedAtMs);
      firstAtMs = Math.min(firstAtMs, arrivedAtMs);
    };
    const before = this.#snapshot();
    const answered = callbacks.map((callback) => this.#send(callback));
    await this.#untilAllArrived();
    const after = this.#snapshot();
    const answers = await Promise.all(answered);
    const count = conversations.length * perAccount;
    const serverMs = before.usage && after.usage ? after.usage.cpuMs - before.usage.cpuMs : null;
    const failures = this.#failures;
    this.#failures = new Map();
    return {
      perS: ((count - 1) * 1_000) / (Math.max(...lastAtMs.values()) - firstAtMs),
      p50Ms: gaps.percentile(0.5),
      p99Ms: gaps.percentile(0.99),
      accepted: answers.filter(Boolean).length,
      failures,
      uncounted: 0,
      serverShare: serverMs === null ? null : serverMs / (after.atMs - before.atMs),
      serverCpuMsPer1000: serverMs === null ? null : (serverMs * 1_000) / count,
      rssMb: after.usage?.rssMb ?? null,
      loadShare: (after.loadCpuMs - before.loadCpuMs) / (after.atMs - before.atMs),
    };
  }

  /** One message at a time, the accounts taking turns. */
  idle(count: number): Promise<Waits> {
    const callbacks = this.#callbacks(count);
    return this.#measure(async () => {
      for (const [n, callback] of callbacks.entries()) {
        const answered = this.#say(n, callback);
        await this.#untilAllArrived();
        await answered;
        await sleep(PAUSE_MS);
      }
    });
  }

  /** At a steady rate, whatever comes of them; the accounts take turns, and each message has a callback of its own. */
  paced(perS: number, forMs: number): Promise<Waits> {
    const callbacks = this.#callbacks(Math.round((perS * forMs) / 1_000));
    return this.#measure(async () => {
      const answered: Promise<unknown>[] = [];
      const startedMs = performance.now();
      for (let n = 0; n < callbacks.length; await sleep(TICK_MS)) {
        for (
          const due = ((performance.now() - startedMs) * perS) / 1_000;
          n < due && n < callbacks.length;
          n += 1
        )
          answered.push(this.#say(n, callbacks[n]));
      }
      await this.#untilAllArrived();
      await Promise.all(answered);
    });
  }

  async #measure(work: () => Promise<void>): Promise<Waits> {
    const ages = new Latencies();
    let count = 0;
    this.bots.onArrival = (ageMs) => {
      ages.add(ageMs);
      count += 1;
    };
    const before = this.#snapshot();
    await work();
    const after = this.#snapshot();
    const failed = [...this.#failures.values()].reduce((sum, times) => sum + times, 0);
    this.#failures = new Map();
    const { conversations } = this.bots;
    const appendedMs = Math.max(...conversations.map((one) => one.appendedAtMs.at(-1) ?? 0));
    const arrivedMs = Math.max(...conversations.map((one) => one.arrivedAtMs));
    const elapsedMs = after.atMs - before.atMs;
    const serverMs = before.usage && after.usage ? after.usage.cpuMs - before.usage.cpuMs : null;
    return {
      count,
      p50Ms: ages.percentile(0.5),
      p99Ms: ages.percentile(0.99),
      endedAfterMs: arrivedMs - appendedMs,
      serverShare: serverMs === null ? null : serverMs / elapsedMs,
      loadShare: (after.loadCpuMs - before.loadCpuMs) / elapsedMs,
      failed,
    };
  }

  /** Sealed beforehand, so that this is not measured. */
  #callbacks(count: number): Callback[] {
    const { conversations } = this.bots;
    return Array.from({ length: count }, (_, n) => makeCallback(at(conversations, n).account));
  }

  #say(n: number, callback: Callback | undefined): Promise<boolean> {
    at(this.bots.conversations, n).append();
    return callback === undefined ? Promise.resolve(false) : this.#send(callback);
  }

  /** Again, as WeCom does, until it is answered 200. Never rejects. @returns whether it was, at last. */
  async #send({ account, query, body }: Callback): Promise<boolean> {
    const path = `/callback/${account.corpId}?${query}`;
    const headers = { 'content-type': 'text/xml' };
    for (let tries = 1; tries <= TRIES; tries += 1) {
      try {
        const answer = await this.#pool.request({ method: 'POST', path, headers, body });
        await answer.body.dump();
        if (answer.statusCode === 200) return true;
        this.#fail(`status ${answer.statusCode}`);
      } catch (error) {
        this.#fail(String(error));
      }
      await sleep(TRY_AGAIN_MS);
    }
    return false;
  }

  #fail(reason: string): void {
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
  }

  /** @throws Error when one did not come, or not in its turn. */
  async #untilAllArrived(): Promise<void> {
    const { bots, program } = this;
    const deadlineMs = performance.now() + ALL_ARRIVED_WITHIN_MS;
    for (const { appended } = bots; bots.arrived < appended;) {
      bots.requireOrder();
      if (!program.child.alive || performance.now() > deadlineMs) {
        const missing = `${appended - bots.arrived} of ${appended} messages did not arrive`;
        throw new Error(`${TITLES.messages}: ${missing}\n${program.child.logTail()}`);
      }
      await sleep(LOOK_AGAIN_MS);
    }
    bots.requireOrder();
  }

  #snapshot() {
    const { user, system } = process.cpuUsage();
    const usage = this.program.child.usage();
    return { atMs: performance.now(), usage, loadCpuMs: (user + system) / 1_000 };
  }
}

function at(conversations: readonly Conversation[], n: number): Conversation {
  const found = conversations[n % conversations.length];
  if (found === undefined) throw new Error('there are no accounts');
  return found;
}
