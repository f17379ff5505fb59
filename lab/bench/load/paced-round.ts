import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Callback } from './accounts.js';
import { Latencies } from './latencies.js';
import type { Program } from './programs.js';
import { between, RAMP_MS, type Round, snapshot, type Work } from './round.js';

const CONNECTIONS = 64;
const TICK_MS = 1;
/** More than are due after a tick: who was held up for longer than it takes to send them does not make up for it. */
const AT_ONCE_MAX = 8;
const HEADERS = { 'content-type': 'text/xml' };

/**
 * So many callbacks a second, whatever comes of those before: how long an answer takes is then not a matter of how many are
 * asked for at once, nor of how long this process was held up. Durations are those from when a callback is handed over for
 * sending, so that one which waits for a connection is late.
 */
export async function runPacedRound(
  program: Program,
  { requests, count }: Work<Callback>,
  { measureMs, perS }: { measureMs: number; perS: number },
): Promise<Round> {
  const pool = new Pool(`http://127.0.0.1:${program.port}`, { connections: CONNECTIONS });
  const answers = { accepted: 0 };
  const failures = new Map<string, number>();
  let latencies = new Latencies();
  let underWay = 0;
  /** Without a stream for each answer: collecting those would hold the generator up for longer than an answer takes. */
  const send = ({ account, query, body }: Callback): void => {
    const sentAtMs = performance.now();
    let status = 0;
    underWay += 1;
    pool.dispatch(
      { method: 'POST', path: `/callback/${account.corpId}?${query}`, headers: HEADERS, body },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseData: () => {},
        onResponseEnd: () => {
          underWay -= 1;
          latencies.add(performance.now() - sentAtMs);
          if (status === 200) answers.accepted += 1;
          else fail(`status ${status}`);
        },
        onResponseError: (_controller, error) => {
          underWay -= 1;
          fail(String(error));
        },
      },
    );
  };
  const fail = (reason: string) => void failures.set(reason, (failures.get(reason) ?? 0) + 1);

  const startedAtMs = performance.now();
  let sent = 0;
  let missed = 0;
  const sendFor = async (forMs: number): Promise<void> => {
    for (const untilMs = performance.now() + forMs; performance.now() < untilMs; await sleep(TICK_MS)) {
      const due = ((performance.now() - startedAtMs) * perS) / 1_000 - missed;
      missed += Math.max(0, due - sent - AT_ONCE_MAX);
      for (const upTo = Math.min(due, sent + AT_ONCE_MAX); sent < upTo; sent += 1) {
        const callback = requests[sent % requests.length];
        if (callback === undefined) throw new Error('there are no callbacks');
        send(callback);
      }
    }
  };

  const countAtStart = count(answers);
  await sendFor(RAMP_MS);
  latencies = new Latencies();
  const before = snapshot(program, count(answers));
  await sendFor(measureMs);
  const after = snapshot(program, count(answers));
  while (underWay > 0) await sleep(TICK_MS);
  await pool.close();
  return {
    ...between(before, after),
    offeredPerS: perS,
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    accepted: answers.accepted,
    failures,
    uncounted: answers.accepted - (count(answers) - countAtStart),
  };
}
