import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { clock, holdingPuppet, kfEvent, pass, untilReceived, watch } from '../../../test/support/delivery.js';
import {
  account,
  BUDGET_MS,
  dispatch,
  hintOf,
  keep,
  leave,
  refusingPuppet,
  registerAt,
  replicasOfEachTest,
  send,
  start,
} from '../../../test/support/redelivery.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import type { Hint } from '../../queue/event.js';
import type { LineStep } from '../../queue/lines.js';

replicasOfEachTest();

/** A queue that stores outcomes when it is told to. */
class SlowlySettlingQueue extends MemoryEventQueue {
  readonly isSettling = Promise.withResolvers<void>();
  readonly goOn = Promise.withResolvers<void>();

  override async changeHeld(
    ...what: Parameters<MemoryEventQueue['changeHeld']>
  ): Promise<LineStep<Hint> | null> {
    this.isSettling.resolve();
    await this.goOn.promise;
    return super.changeHeld(...what);
  }
}

/** @returns the answers of the puppet that has an event which was kept meanwhile. */
async function keepUnderWay(): Promise<readonly ServerResponse[]> {
  const { server, held } = await holdingPuppet();
  await registerAt(server.url);
  const dispatched = send();
  await untilReceived(server, 1);
  await pass(BUDGET_MS);
  await dispatched;
  return held;
}

describe('when the process ends', () => {
  beforeEach(async () => {
    await start();
  });

  it('what is on its way comes to its end, nothing more is begun, and no timer is left', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    await leave({ endpoint: server.url });
    dispatch.waiting.kept.added.wakeUp();
    await pass(20);
    await untilReceived(server, 1);
    await leave({ endpoint: server.url, event: kfEvent({ openKfId: account(2) }) });
    const closing = dispatch.close();
    const state = watch(closing);
    await pass(1_000);
    expect(state.isSettled).toBe(false);
    held[0]?.end();
    await closing;
    expect(clock.pendingTimers).toBe(0);
    expect(await hintOf()).toBeNull();
    expect(await hintOf(account(2))).toMatchObject({ state: 'waiting', lease: null });
    expect(server.received).toHaveLength(1);
  });

  it('with endpoints in trouble, no timer is left either', async () => {
    const { server } = await refusingPuppet();
    await registerAt(server.url);
    for (const id of ['1', '2', '3', '4', '5', '6']) await keep({ id });
    await dispatch.close();
    expect(clock.pendingTimers).toBe(0);
    expect(await hintOf()).toMatchObject({ state: 'waiting', lease: null });
  });

  it('what fails then waits for the next process', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    await leave({ endpoint: server.url });
    dispatch.waiting.kept.added.wakeUp();
    await pass(20);
    await untilReceived(server, 1);
    const closing = dispatch.close();
    held[0]?.writeHead(500).end();
    await closing;
    expect(clock.pendingTimers).toBe(0);
    expect(await hintOf()).toMatchObject({ state: 'waiting', lease: null, attempts: 2 });
  });

  it('an attempt whose event was kept meanwhile comes to its end too', async () => {
    const held = await keepUnderWay();
    const closing = dispatch.close();
    await pass(1_000);
    held[0]?.end();
    await closing;
    expect(await hintOf()).toBeNull();
  });

  it('the store is needed until it has settled what such an attempt delivered', async () => {
    const events = new SlowlySettlingQueue();
    await start({ events });
    const held = await keepUnderWay();
    const closing = dispatch.close();
    const state = watch(closing);
    held[0]?.end();
    await events.isSettling.promise;
    await pass(1_000);
    expect(state.isSettled).toBe(false);
    events.goOn.resolve();
    await closing;
    expect(await hintOf()).toBeNull();
  });
});
