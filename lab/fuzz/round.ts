/** All inputs on one manager: sends them, has each judged, and looks after each block at what they did. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Manager } from '../faults/manager.js';
import { stablePort } from '../faults/ports.js';
import type { Run, StoreKind } from '../faults/run.js';
import { sendBatch } from './batch.js';
import { Checkup } from './checkup.js';
import { Connection, type Outcome } from './connection.js';
import type { Findings } from './findings.js';
import type { Input } from './input.js';
import { judge } from './judge.js';
import { type Batch, makerOf } from './kinds/all.js';
import { inspectedAt } from './live-memory.js';
import { LogWatch } from './log-watch.js';
import { Memory, WARM_UP_INPUTS } from './memory.js';
import type { Servers } from './servers.js';
import { CREDENTIALS, makeStage, type Stage } from './stage.js';
import { Tally } from './tally.js';

export interface RoundPlan {
  readonly store: StoreKind;
  readonly batches: readonly Batch[];
  /** Sent beside the others. */
  readonly slow: readonly Batch[];
}

/** Inputs between two looks at what they did. */
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
  #sent = 0;
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
  }

  static async start(run: Run, plan: RoundPlan, servers: Servers, findings: Findings): Promise<Round> {
    const env = {
      ...(await run.newStore(plan.store)),
      ...CREDENTIALS,
      HOST: '127.0.0.1',
      ACCESS_TOKEN_URL: servers.tokenUrl,
      WECOM_API_URL: new URL(servers.tokenUrl).origin,
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
    const slow = this.plan.slow.map((batch) => this.#sendBatch(batch, new Connection(this.manager.port)));
    const left = [...this.plan.batches];
    while (left.length > 0 && !this.manager.hasExited) await this.#sendBlock(left);
    await Promise.all(slow);
    await this.#finish();
  }

  async #sendBlock(left: Batch[]): Promise<void> {
    const first = this.#sent;
    let count = 0;
    const work = async (connection: Connection) => {
      while (count < BLOCK && !this.manager.hasExited) {
        const batch = left.shift();
        if (batch === undefined) return;
        count += batch.count;
        await this.#sendBatch(batch, connection);
      }
    };
    await Promise.all(this.#connections.map(work));
    this.#sent += count;
    const where = `after the inputs from ${first} to ${this.#sent - 1}`;
    this.findings.ofRun(this.plan.store, where, await this.#checkup.run());
    this.findings.ofRun(this.plan.store, where, this.#log.look());
    if (this.#sent % WARM_UP_INPUTS === 0 && !this.manager.hasExited) await this.memory.weigh();
    this.#sayProgress();
  }

  async #sendBatch(batch: Batch, connection: Connection): Promise<void> {
    const { kind, seed } = batch;
    const { isShort } = this.run;
    const make = makerOf(kind, isShort);
    const finding = await sendBatch(
      batch,
      (draw) => make(draw, this.stage),
      async (input, isShrunk) => {
        if (this.manager.hasExited) return [];
        const outcome = await this.#sendOne(input, connection);
        if (!isShrunk) this.tally.add(input, outcome);
        return judge(outcome, input);
      },
      (name) => this.findings.isNew(name),
    );
    if (finding === null) return;
    const again = `${isShort ? '--short ' : ''}--store ${this.plan.store} --only ${kind} --seed ${seed} --path ${finding.path}`;
    this.findings.ofInput(again, finding);
  }

  async #sendOne(input: Input, connection: Connection): Promise<Outcome> {
    const outcome = await connection.send(input);
    const isLate = outcome.answers.some(
      ({ status, body }) => status === 503 && STORE_IS_LATE.test(body.toString()),
    );
    if (!isLate) return outcome;
    if (performance.now() - this.#lateAtMs > STALL_MS) this.#late++;
    this.#lateAtMs = performance.now();
    await delay(STALL_MS);
    return connection.send(input);
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
    this.run.say(
      `${this.plan.store}: ${this.#sent} inputs, ${this.manager.usage()?.rssMb.toFixed(0)} MB, ${this.findings.count} findings`,
    );
  }
}
