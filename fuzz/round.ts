/** All inputs on one manager: sends them, has each judged, and looks after each block at what they did. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Manager } from '../faults/manager.js';
import { stablePort } from '../faults/ports.js';
import type { Run, StoreKind } from '../faults/run.js';
import { Checkup } from './checkup.js';
import { Connection } from './connection.js';
import type { Findings } from './findings.js';
import { judge } from './judge.js';
import type { Inputs } from './kinds/all.js';
import { inspectedAt } from './live-memory.js';
import { LogWatch } from './log-watch.js';
import { Memory, WARM_UP_INPUTS } from './memory.js';
import type { Servers } from './servers.js';
import { CREDENTIALS, makeStage, type Stage } from './stage.js';
import { Tally } from './tally.js';

export interface RoundPlan {
  readonly store: StoreKind;
  readonly inputs: Inputs;
  readonly from: number;
  readonly count: number;
  readonly slowCount: number;
}

const BLOCK = 500;
const CONNECTIONS = 16;
const SAY_EVERY_MS = 5_000;
/**
 * A 503 of these says that the store did not answer in time, which a starved machine's does not now and then.
 * What is sent once more must then be answered well.
 */
const STORE_IS_LATE = /"error":"(?:STORE_UNAVAILABLE|DISPATCH_NOT_TAKEN)"/;
const LATE_MAX = 20;
/** Answers that are late together are of one stall, after which this is waited. */
const STALL_MS = 2_000;

export class Round {
  readonly tally = new Tally();
  readonly #connections: readonly Connection[];
  readonly #checkup: Checkup;
  readonly #log: LogWatch;
  #next: number;
  #late = 0;
  #lateAtMs = 0;
  #saidAtMs = performance.now();

  private constructor(
    private readonly run: Run,
    private readonly plan: RoundPlan,
    private readonly manager: Manager,
    private readonly stage: Stage,
    servers: Servers,
    readonly memory: Memory,
    private readonly findings: Findings,
  ) {
    this.#connections = Array.from({ length: CONNECTIONS }, () => new Connection(manager.port));
    this.#checkup = new Checkup(manager.url, stage, servers);
    this.#log = new LogWatch(join(run.temp, `manager-${manager.port}.log`));
    this.#next = plan.from;
  }

  static async start(run: Run, plan: RoundPlan, servers: Servers, findings: Findings): Promise<Round> {
    const env = {
      ...(await run.newStore(plan.store)),
      ...CREDENTIALS,
      HOST: '127.0.0.1',
      ACCESS_TOKEN_URL: `${servers.wecomOrigin}/cgi-bin/gettoken`,
      WECOM_API_URL: servers.wecomOrigin,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      LOG_LEVEL: 'trace',
    };
    const inspectorPort = await stablePort();
    const manager = await Manager.start(run, {
      port: await stablePort(),
      env: { ...env, NODE_OPTIONS: inspectedAt(inspectorPort) },
    });
    const memory = new Memory(manager, inspectorPort);
    const stage = makeStage(servers.puppetOrigin);
    const round = new Round(run, plan, manager, stage, servers, memory, findings);
    await round.#checkup.registerAll();
    return round;
  }

  async send(): Promise<void> {
    const { slowCount, from, count, inputs } = this.plan;
    const slow = Array.from({ length: slowCount }, (_, number) => this.#sendSlow(inputs.slowAt(number)));
    const end = from + count;
    while (this.#next < end && !this.manager.hasExited)
      await this.#sendBlock(Math.min(this.#next + BLOCK, end));
    await Promise.all(slow);
    await this.#finish();
  }

  async #sendBlock(end: number): Promise<void> {
    const first = this.#next;
    const work = async (connection: Connection) => {
      while (this.#next < end && !this.manager.hasExited) await this.#sendOne(this.#next++, connection);
    };
    await Promise.all(this.#connections.map(work));
    const where = `after the inputs from ${first} to ${end - 1}`;
    this.findings.ofRun(this.plan.store, where, await this.#checkup.run());
    this.findings.ofRun(this.plan.store, where, this.#log.look());
    const sent = end - this.plan.from;
    if (sent % WARM_UP_INPUTS === 0 && !this.manager.hasExited) await this.memory.weigh();
    this.#sayProgress();
  }

  async #sendSlow(index: number): Promise<void> {
    await this.#sendOne(index, new Connection(this.manager.port));
  }

  async #sendOne(index: number, connection: Connection): Promise<void> {
    const input = this.plan.inputs.at(index, this.stage);
    let outcome = await connection.send(input);
    if (outcome.answers.some(({ status, body }) => status === 503 && STORE_IS_LATE.test(body.toString()))) {
      if (performance.now() - this.#lateAtMs > STALL_MS) this.#late++;
      this.#lateAtMs = performance.now();
      await delay(STALL_MS);
      outcome = await connection.send(input);
    }
    this.tally.add(
      input,
      outcome.answers.map(({ status }) => status),
      outcome.latencyMs,
    );
    this.findings.ofInput(this.plan.store, index, input, judge(outcome, input));
  }

  /** Stops it, since its last lines are written then. */
  async #finish(): Promise<void> {
    const { store } = this.plan;
    for (const connection of this.#connections) connection.close();
    if (this.manager.hasExited) this.findings.ofRun(store, 'the manager died', [this.manager.logTail()]);
    else if ((await this.manager.stop()) !== 0)
      this.findings.ofRun(store, 'at the end', ['it did not stop with 0']);
    this.findings.ofRun(store, 'at the end', [
      ...this.#log.look(),
      ...this.tally.judge(),
      ...this.memory.judge(),
      ...(this.#late > LATE_MAX ? [`the store was late ${this.#late} times`] : []),
    ]);
    this.#log.close();
  }

  #sayProgress(): void {
    if (performance.now() - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = performance.now();
    const sent = this.#next - this.plan.from;
    this.run.say(
      `${this.plan.store}: ${sent} of ${this.plan.count} inputs, ${this.manager.usage()?.rssMb.toFixed(0)} MB, ${this.findings.count} findings`,
    );
  }
}
