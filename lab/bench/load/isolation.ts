/**
 * What slow API calls of one corp cost the callbacks of others: p99 with 200 of them under way, beside p99 without,
 * in turns on one process. Few connections send them, since the queue that many make would hide the difference.
 */
import { mkdirSync } from 'node:fs';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeCallbacks } from './accounts.js';
import type { Child } from './child.js';
import type { DeliveryPlan } from './delivery.js';
import { type Program, type Setting, startProgram } from './programs.js';
import { runRound } from './round.js';
import type { Sink } from './sink.js';
import type { Rounds } from './verdict.js';

const SLOW_CALLS = 200;
const SLOW_MS = 1_000;
const CONNECTIONS = 8;

/** @throws Error when a slow call is not answered with 200, or fewer are under way than are to be. */
export async function measureIsolation(
  base: Setting,
  sink: Sink,
  plan: DeliveryPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Rounds> {
  const wecom = await startSlowWecom();
  try {
    const { port } = wecom.address() as AddressInfo;
    const env = { WECOM_API_URL: `http://127.0.0.1:${port}` };
    const setting = { ...base, temp: join(base.temp, 'isolation'), env };
    mkdirSync(setting.temp);
    const program = await startProgram('ours', setting, started);
    const work = { requests: makeCallbacks(base.accounts, plan.perAccount), count: () => sink.delivered };
    const measure = (measureMs: number) => runRound(program, work, { connections: CONNECTIONS, measureMs });
    await measure(2 * plan.measureMs);

    const [alone, beside] = [[await measure(plan.measureMs)], await besideSlowCalls(program, plan, measure)];
    for (let number = 2; number <= plan.rounds; number += 1) {
      alone.push(await measure(plan.measureMs));
      beside.push(...(await besideSlowCalls(program, plan, measure)));
      say(`round ${number}/${plan.rounds} callbacks alone, and beside ${SLOW_CALLS} slow calls`);
    }
    await program.child.stop();
    return new Map([
      ['alone', alone],
      ['beside', beside],
    ]);
  } finally {
    wecom.closeAllConnections();
    wecom.close();
  }
}

async function besideSlowCalls<T>(
  program: Program,
  plan: DeliveryPlan,
  measure: (measureMs: number) => Promise<T>,
): Promise<T[]> {
  const calls = new SlowCalls(program.port);
  await calls.underWay();
  const round = await measure(plan.measureMs);
  await calls.stop();
  return [round];
}

/** As many as are to be, all the time: each that is answered is made anew. */
class SlowCalls {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SLOW_CALLS });
  readonly #callers: Promise<void>[];
  readonly #begun = Promise.withResolvers<void>();
  #answered = 0;
  #isStopping = false;

  constructor(private readonly port: number) {
    this.#callers = Array.from({ length: SLOW_CALLS }, () => this.#callAgain());
    for (const caller of this.#callers) caller.catch(this.#begun.reject);
  }

  /** Resolves when the first of them was answered: all others are then under way. */
  underWay(): Promise<void> {
    return this.#begun.promise;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#callers);
    this.#agent.destroy();
  }

  async #callAgain(): Promise<void> {
    while (!this.#isStopping) {
      const status = await this.#call();
      if (status !== 200) throw new Error(`a slow call was answered ${status}`);
      if (++this.#answered === 1) this.#begun.resolve();
    }
  }

  #call(): Promise<number | undefined> {
    const path = '/puppetWxkfManager/wxkfRequestProxy/kf/slow?access_token=of-the-bench';
    return new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port: this.port, path, agent: this.#agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      })
        .once('error', reject)
        .end();
    });
  }
}

async function startSlowWecom(): Promise<Server> {
  const body = '{"errcode":0,"errmsg":"ok"}';
  const server = createServer((_request, response) => {
    setTimeout(() => response.end(body), SLOW_MS);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
