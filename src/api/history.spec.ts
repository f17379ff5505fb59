import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clock, pass, puppetServer } from '../../test/support/delivery.js';
import {
  dispatch,
  registerAt,
  replicasOfEachTest,
  send,
  start,
  taking,
} from '../../test/support/redelivery.js';
import { CallbackMetrics } from '../callback/callback-metrics.js';
import { loadConfig } from '../config/config.js';
import { HintCounts } from '../dispatch/outbox/hint-counts.js';
import { LocalOutbox, MemoryHintStore } from '../dispatch/outbox/local-outbox.js';
import type { OutboxCounts } from '../dispatch/outbox/outbox.js';
import { AppError } from '../kernel/app-error.js';
import { Metrics } from '../metrics/metrics.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import { History } from './history.js';
import { Instruments } from './instruments.js';

// Before the clock is looked at for timers that are left.
afterEach(() => history.onApplicationShutdown());
replicasOfEachTest();

const INTERVAL_MS = 10_000;

class CountedOutbox extends LocalOutbox {
  asked = 0;
  isAway = false;

  override async counts(): Promise<OutboxCounts> {
    this.asked++;
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    return super.counts();
  }
}

let outbox: CountedOutbox;
let callbacks: CallbackMetrics;
let wecom: WecomMetrics;
let history: History;

beforeEach(async () => {
  outbox = new CountedOutbox(new MemoryHintStore());
  await start({ outbox });
  const metrics = new Metrics();
  callbacks = new CallbackMetrics(metrics, dispatch.registry.keys, loadConfig({}));
  wecom = new WecomMetrics(metrics, clock);
  const instruments = new Instruments(callbacks, dispatch.dispatchMetrics, dispatch.overload, wecom);
  history = new History(instruments, new HintCounts(outbox, clock), clock, clock);
  history.onApplicationBootstrap();
});

function end(outcome: 'delivered' | 'pending' | 'refused' | 'failed', count = 1): void {
  for (let n = 0; n < count; n++) {
    callbacks.callbackBegan();
    callbacks.callbackEnded('encrypted', outcome, 0.01, undefined);
  }
}

const items = () => history.toAnswer().items;

describe('the history', () => {
  it('has a point for each 10 s, oldest first, with what was counted in it', async () => {
    end('delivered', 3);
    await pass(INTERVAL_MS);
    end('pending', 2);
    end('failed');
    callbacks.verificationEnded('verified');
    await pass(INTERVAL_MS);
    const none = { callbacks: 0, delivered: 0, kept: 0, refused: 0, notTaken: 0, failedAttempts: 0 };
    const nothing = { waiting: 0, dead: 0, oldestWaitingAgeS: 0 };
    expect(items()).toEqual([
      {
        at: new Date(clock.nowMs() - INTERVAL_MS).toISOString(),
        ...none,
        ...nothing,
        callbacks: 3,
        delivered: 3,
      },
      { at: new Date(clock.nowMs()).toISOString(), ...none, ...nothing, callbacks: 3, kept: 2, notTaken: 1 },
    ]);
  });

  it('is of an hour', async () => {
    await pass(INTERVAL_MS * 365);
    const points = items();
    expect(points).toHaveLength(360);
    expect(points[0]?.at).toBe(new Date(clock.nowMs() - 359 * INTERVAL_MS).toISOString());
  });

  it('counts the outbox once in 10 s, whether or not somebody looks', async () => {
    await pass(INTERVAL_MS * 30);
    history.toAnswer();
    expect(outbox.asked).toBe(30);
  });

  it('tells what waits and since when, and failed attempts', async () => {
    const server = await puppetServer((_request, response) => response.writeHead(500).end());
    await registerAt(server.url);
    await send();
    await pass(INTERVAL_MS);
    expect(items()).toMatchObject([{ waiting: 1, dead: 0, oldestWaitingAgeS: 10 }]);
    expect(items()[0]?.failedAttempts).toBeGreaterThan(0);
    server.behave(taking);
  });

  it('does not know what waits while the store is away, and knows the rest', async () => {
    outbox.isAway = true;
    end('delivered');
    await pass(INTERVAL_MS);
    outbox.isAway = false;
    await pass(INTERVAL_MS);
    expect(items()).toMatchObject([
      { delivered: 1, waiting: null, dead: null, oldestWaitingAgeS: null },
      { delivered: 0, waiting: 0, dead: 0, oldestWaitingAgeS: 0 },
    ]);
  });
});

describe('the last minute', () => {
  it('counts up to now, and forgets after 60 s', async () => {
    end('refused', 2);
    wecom.tokenAnswered('memory');
    wecom.callEnded('answered', 1);
    expect(history.lastMinute()).toMatchObject({ callbacks: 2, refused: 2, tokenRequests: 1, proxyCalls: 1 });
    await pass(60_000);
    expect(history.lastMinute()).toMatchObject({ callbacks: 2 });
    await pass(INTERVAL_MS);
    end('delivered');
    expect(history.lastMinute()).toMatchObject({ callbacks: 1, refused: 0, tokenRequests: 0 });
  });
});
