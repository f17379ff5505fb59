/** All inputs on one manager: sends them, has each judged, and looks after each block at what they did. */
import { join } from 'node:path';
import { Manager } from '../faults/manager.js';
import { stablePort } from '../faults/ports.js';
import type { Run, StoreKind } from '../faults/run.js';
import { Checkup } from './checkup.js';
import { Connection } from './connection.js';
import type { Findings } from './findings.js';
import { judge } from './judge.js';
import type { Inputs } from './kinds/all.js';
import { LogWatch } from './log-watch.js';
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
/** Before it, memory grows since code is compiled and tables fill up; a shorter run is all warm-up. */
const WARM_UP = 20_000;
/**
 * Over what it is after the warm-up. V8 keeps what it once needed for the young generation and for bodies of a
 * megabyte, which comes and goes by some 60 MB; a leak of 1 kB an input would be 80 MB in a long run.
 */
const GROWN_MB_MAX = 80;

export class Round {
  readonly tally = new Tally();
  readonly #connections: readonly Connection[];
  readonly #checkup: Checkup;
  readonly #log: LogWatch;
  #next: number;
  #warmMb = 0;
  #lastMb = 0;
  #saidAtMs = performance.now();

  private constructor(
    private readonly run: Run,
    private readonly plan: RoundPlan,
    private readonly manager: Manager,
    private readonly stage: Stage,
    servers: Servers,
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
      LOG_LEVEL: 'trace',
    };
    const manager = await Manager.start(run, { port: await stablePort(), env });
    const round = new Round(run, plan, manager, makeStage(servers.puppetOrigin), servers, findings);
    await round.#checkup.registerAll();
    return round;
  }

  /** @returns the memory after the warm-up and at the end. */
  async send(): Promise<{ readonly warmMb: number; readonly lastMb: number }> {
    const slow = Promise.all(
      Array.from({ length: this.plan.slowCount }, (_, number) =>
        this.#sendSlow(this.plan.inputs.slowAt(number)),
      ),
    );
    const end = this.plan.from + this.plan.count;
    while (this.#next < end && !this.manager.hasExited)
      await this.#sendBlock(Math.min(this.#next + BLOCK, end));
    await slow;
    await this.#finish();
    return { warmMb: this.#warmMb, lastMb: this.#lastMb };
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
    this.#weigh();
    this.#sayProgress();
  }

  async #sendSlow(index: number): Promise<void> {
    await this.#sendOne(index, new Connection(this.manager.port));
  }

  async #sendOne(index: number, connection: Connection): Promise<void> {
    const input = this.plan.inputs.at(index, this.stage);
    const outcome = await connection.send(input);
    this.tally.add(
      input.kind,
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
      ...this.#judgeMemory(),
    ]);
    this.#log.close();
  }

  #weigh(): void {
    this.#lastMb = this.manager.usage()?.rssMb ?? 0;
    if (this.#next - this.plan.from <= WARM_UP) this.#warmMb = this.#lastMb;
  }

  #judgeMemory(): string[] {
    const grownMb = this.#lastMb - this.#warmMb;
    if (this.#warmMb === 0 || grownMb <= GROWN_MB_MAX) return [];
    return [`memory grew by ${Math.round(grownMb)} MB, from ${Math.round(this.#warmMb)} MB`];
  }

  #sayProgress(): void {
    if (performance.now() - this.#saidAtMs < SAY_EVERY_MS) return;
    this.#saidAtMs = performance.now();
    const sent = this.#next - this.plan.from;
    this.run.say(
      `${this.plan.store}: ${sent} of ${this.plan.count} inputs, ${Math.round(this.#lastMb)} MB, ${this.findings.count} findings`,
    );
  }
}
