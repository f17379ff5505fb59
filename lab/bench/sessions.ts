/**
 * How soon customers are welcomed while their bot is down, from WeCom's event to the customer, and how often WeCom is asked for
 * a customer whose round nothing disturbs. `--write` writes results/sessions.md; `--short` takes a tenth of it, and a missed
 * target is then no failure.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { startManager } from '../../test/support/manager-process.js';
import { Conversations } from '../faults/people/conversations.js';
import { customersOf, expectedTexts, goRound, SESSION } from '../faults/people/customer-round.js';
import { answerTo, PeopleBot } from '../faults/people/people-bot.js';
import { stablePort } from '../faults/ports.js';
import { commit } from './commit.js';
import { Latencies } from './load/latencies.js';

const isShort = process.argv.includes('--short');
const ACCOUNTS = 20;
const RATE_PER_S = 50;
const WELCOMED = isShort ? 300 : 3_000;
const ROUNDS = isShort ? 10 : 100;
const ROUNDS_AT_ONCE = 10;
/** A code is good for so long. */
const LAST_MS = 20_000;
/** Of the issue that asked for sessions: one at most. */
const STATES_MAX = 1;
const TICK_MS = 2;

interface Quiet {
  readonly pulls: number;
  readonly states: number;
  readonly transfers: number;
}

/** @returns the answers' times, and who was not welcomed in time. */
async function welcomeAll(
  wecom: Simulator,
  conversations: Conversations,
): Promise<{ readonly latencies: Latencies; readonly missing: number }> {
  const enteredAtMs = new Map<string, number>();
  const left = customersOf(wecom).slice(0, WELCOMED);
  const startedMs = performance.now();
  for (let entered = 0; entered < WELCOMED;) {
    const due = ((performance.now() - startedMs) * RATE_PER_S) / 1_000;
    for (; entered < Math.min(due, WELCOMED); entered++) {
      const next = left[entered];
      if (next === undefined) break;
      enteredAtMs.set(next.customer, performance.now());
      wecom.corp.enter(next.openKfId, next.customer);
    }
    await pause(TICK_MS);
  }
  await pause(LAST_MS / (isShort ? 4 : 1));
  const latencies = new Latencies();
  let missing = 0;
  for (const [customer, atMs] of enteredAtMs) {
    const [shown] = conversations.shownTo(customer);
    if (shown === undefined) missing++;
    else latencies.add(shown.atMs - atMs);
  }
  return { latencies, missing };
}

/** @throws Error where a customer was not shown everything once. */
async function goQuietRounds(wecom: Simulator, conversations: Conversations): Promise<Quiet> {
  const left = customersOf(wecom).slice(WELCOMED);
  const of = (api: string) => conversations.calls.get(api) ?? 0;
  const now = () => [of('kf/sync_msg'), of('kf/service_state/get'), of('kf/service_state/trans')] as const;
  const before = now();
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await goRound(wecom, conversations, next, answerTo);
      const texts = conversations.shownTo(next.customer).map(({ text }) => text);
      if (texts.join() !== expectedTexts(answerTo).join())
        throw new Error(`a customer was shown ${texts.join(', ')}`);
    }
  };
  await Promise.all(Array.from({ length: ROUNDS_AT_ONCE }, work));
  const [pulls, states, transfers] = now().map((count, n) => (count - (before[n] ?? 0)) / ROUNDS);
  return { pulls: pulls ?? 0, states: states ?? 0, transfers: transfers ?? 0 };
}

async function measure(dataDir: string): Promise<string[]> {
  const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what} ${n}`);
  const customers = names('customer', WELCOMED + ROUNDS);
  const wecom = await startSimulator({ accounts: names('account', ACCOUNTS), customers });
  const manager = await startManager({
    DATA_DIR: dataDir,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });
  const bot = new PeopleBot(await stablePort(), () => manager.url);
  try {
    await bot.add(wecom, SESSION);
    const url = `${manager.url}/callback/${wecom.corpId}`;
    const saved = await wecom.saveCallback({ ...wecom.callback, url });
    if (!saved.isVerified) throw new Error(saved.detail);
    const conversations = new Conversations(wecom);
    const { latencies, missing } = await welcomeAll(wecom, conversations);
    await bot.up();
    const quiet = await goQuietRounds(wecom, conversations);
    const ms = (share: number) => latencies.percentile(share).toFixed(0);
    const holds = (isSo: boolean) => (isSo ? '' : ': **DOES NOT HOLD**');
    return [
      `${WELCOMED.toLocaleString('en')} customers, ${RATE_PER_S} a second over ${ACCOUNTS} accounts, the bot down: welcomed after p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms; ${missing} not welcomed${holds(missing === 0)}`,
      `a quiet round of ${ROUNDS} customers, ${ROUNDS_AT_ONCE} at once: ${quiet.pulls.toFixed(1)} pulls, ${quiet.states.toFixed(2)} \`kf/service_state/get\` (at most ${STATES_MAX}), ${quiet.transfers.toFixed(2)} \`kf/service_state/trans\` for each${holds(quiet.states <= STATES_MAX)}`,
    ];
  } finally {
    await bot.kill();
    await manager.stop('SIGKILL');
    await wecom.close();
  }
}

function report(lines: readonly string[]): void {
  const load = loadavg()[0]?.toFixed(1);
  const head = `${cpus()[0]?.model.trim()}, ${cpus().length} cores with a load of ${load}, Node ${process.version}, commit ${commit(process.cwd())}, ${isShort ? 'short' : 'long'} form; the local WeCom and the bot share the cores`;
  const text = [`- machine: ${head}`, ...lines.map((line) => `- ${line}`)].join('\n');
  process.stdout.write(`${text}\n`);
  if (process.argv.includes('--write'))
    writeFileSync(
      'lab/bench/results/sessions.md',
      `# Sessions\n\nWritten by \`npm run bench:sessions -w lab -- --write\`.\n\n${text}\n`,
    );
  if (lines.some((line) => line.includes('DOES NOT HOLD')) && !isShort) process.exitCode = 1;
}

const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-bench-sessions-'));
try {
  report(await measure(dataDir));
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
