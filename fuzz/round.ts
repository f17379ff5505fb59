/** All inputs on one manager: sends them, has each judged, and looks after each block at what they did. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Manager } from '../faults/manager.js';
import { stablePort } from '../faults/ports.js';
import type { Run, StoreKind } from '../faults/run.js';
import fc from 'fast-check';
import { Checkup } from './checkup.js';
import { Connection, type Outcome } from './connection.js';
import { Draw } from './draw.js';
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
/** The manager is another after each input, so that more attempts find no smaller one. */
const SHRINKING = { inputs: 200, ms: 10_000 };
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

  /** Ends with the first new finding, which is sent in smaller and smaller forms as long as it is found. */
  async #sendBatch(batch: Batch, connection: Connection): Promise<void> {
    const { kind, seed, path = '', count } = batch;
    const make = makerOf(kind, this.run.isShort);
    let smallest: { readonly input: Input; readonly what: string } | null = null;
    let shrinksLeft = SHRINKING.inputs;
    let endMs = 0;
    const isAnswered = async (gen: fc.GeneratorValue): Promise<boolean> => {
      if (this.manager.hasExited) return true;
      const input = make(new Draw(gen), this.stage);
      if (smallest === null) {
        const outcome = await this.#sendOne(input, connection);
        this.tally.add(input, outcome);
        const what = judge(outcome, input).find((found) => this.findings.isNew(nameOf(input, found)));
        if (what === undefined) return true;
        smallest = { input, what };
        endMs = performance.now() + SHRINKING.ms;
        return false;
      }
      if (shrinksLeft-- <= 0 || performance.now() > endMs) return true;
      const sought = nameOf(input, smallest.what);
      const what = judge(await this.#sendOne(input, connection), input).find(
        (found) => nameOf(input, found) === sought,
      );
      if (what !== undefined) smallest = { input, what };
      return what === undefined;
    };
    const { counterexamplePath } = await fc.check(fc.asyncProperty(fc.gen(), isAnswered), {
      seed,
      path,
      numRuns: count,
      // A slow one would be sent again for minutes.
      endOnFailure: kind === 'slow',
    });
    if (smallest === null) return;
    const { input, what } = smallest as { input: Input; what: string };
    // fast-check finds smaller ones again by itself.
    const [from = ''] = (counterexamplePath ?? '').split(':');
    const form = this.run.isShort ? '--short ' : '';
    const again = `${form}--store ${this.plan.store} --only ${kind} --seed ${seed} --path ${from}`;
    this.findings.ofInput(again, input, what);
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

/** The same for the same defect: numbers differ. */
function nameOf({ kind, shape }: Input, found: string): string {
  return `${kind}, ${shape}: ${found}`.replace(/\d+/g, '0');
}
