/**
 * Access tokens as one replica or several on one table have them, on a clock that stands still, with a simulated
 * WeCom on a real socket. A spec calls `openWecom` before each test and `closeAll` after it.
 */
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/config.js';
import { AppError } from '../../src/kernel/app-error.js';
import { Secret } from '../../src/kernel/secret.js';
import { NoTracing } from '../../src/kernel/tracing.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { AccessTokenStore } from '../../src/wecom/tokens/access-token.store.js';
import { AccessTokens } from '../../src/wecom/tokens/access-tokens.js';
import type { TokenOutcome } from '../../src/wecom/tokens/token-request.js';
import { secondsLeft } from '../../src/wecom/tokens/token-record.js';
import { newHttpService } from '../../src/http/outgoing/http-service.js';
import { TokenSource } from '../../src/wecom/tokens/token-source.js';
import { RareCalls } from '../../src/http/outgoing/rare-calls.js';
import { WecomMetrics } from '../../src/wecom/outcomes/wecom-metrics.js';
import { ManualClock } from './manual-clock.js';
import { MemoryRecords, RecordData } from './memory-records.js';
import { startWecomServer, type WecomServer } from './wecom-server.js';

export const CORP = 'wwCorp_1';
export const SECRET = 'the-secret+/of=it';

/** Those of the running test. */
export let clock: ManualClock;
export let wecom: WecomServer;
export let data: RecordData;
export let metrics: WecomMetrics;
const opened: AccessTokens[] = [];

/** A replica on the table, as it is after a start. */
export function open(
  url = wecom.tokenUrl,
  store = new AccessTokenStore(new MemoryRecords(data)),
): AccessTokens {
  const log = pino({ level: 'silent' });
  const config = loadConfig({ ACCESS_TOKEN_URL: url });
  const calls = new RareCalls(newHttpService(), config, clock);
  const source = new TokenSource(config, metrics, calls, clock, new NoTracing());
  const tokens = new AccessTokens(store, source, clock, clock, metrics, log);
  opened.push(tokens);
  return tokens;
}

export async function openWecom(): Promise<void> {
  clock = new ManualClock();
  data = new RecordData();
  metrics = new WecomMetrics(new Metrics());
  wecom = await startWecomServer({ nowMs: () => clock.nowMs() });
  wecom.addSecret(CORP, SECRET);
}

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((tokens) => tokens.onApplicationShutdown()));
  await wecom.close();
  expect(clock.pendingTimers).toBe(0);
}

export const request = (corpSecret = SECRET, caller = '10.0.0.1', corpId = CORP) => ({
  corpId,
  corpSecret: new Secret(corpSecret),
  caller: { role: null, ip: caller },
});

/** What the caller is told: the token and its seconds, the errcode, or the code of what was thrown. */
export async function told(outcome: Promise<TokenOutcome>) {
  try {
    const given = await outcome;
    if ('refusal' in given) return { errcode: given.refusal.errcode, source: given.source };
    const { token, source } = given;
    return { token: token.value.reveal(), expiresInS: secondsLeft(token, clock.nowMs()), source };
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
}

/** The same, while time stands still but for what the outcome itself waits for. */
export async function toldInTime(outcome: Promise<TokenOutcome>, stepMs: number) {
  let isOver = false;
  const answered = told(outcome).finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(stepMs);
  return answered;
}

/** Waits for what goes on in the background. */
export async function untilReplaced(tokens: AccessTokens, old: string): Promise<void> {
  for (;;) {
    const outcome = await tokens.getForCall(request());
    if ('token' in outcome && outcome.token.value.reveal() !== old) return;
    await new Promise(setImmediate);
  }
}

export const current = (): string => wecom.tokenOf(CORP, SECRET);
