/** Programs that pull before they answer hold their attempts for seconds: what waits for others must not wait for them. */
import { expect, it } from '@jest/globals';
import {
  clock,
  holdingPuppet,
  kfEvent,
  pass,
  puppetServer,
  untilReceived,
} from '../../../test/support/delivery.js';
import {
  account,
  dispatch,
  leave,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  start,
} from '../../../test/support/redelivery.js';

replicasOfEachTest();

const ORIGINS = 8;
/** As many as the loop has places for one endpoint: together they take all of its places. */
const EACH = 32;

it('what waits for others goes out within a second, though slow endpoints had taken every place', async () => {
  await start();
  const slow = await Promise.all(Array.from({ length: ORIGINS }, async () => (await holdingPuppet()).server));
  const quick = await puppetServer();
  let n = 0;
  for (const { url } of slow) {
    for (let hint = 0; hint < EACH; hint++) {
      const openKfId = account(n++);
      await registerAt(url, { openKfId });
      await leave({ event: kfEvent({ id: openKfId, openKfId }), endpoint: url });
    }
  }
  await registerAt(quick.url, { openKfId: account(n) });
  const event = kfEvent({ id: 'quick', openKfId: account(n) });
  await leave({ event, endpoint: quick.url, dueAtMs: clock.nowMs() + 100 });
  dispatch.waiting.kept.added.wakeUp();
  await pass(500);
  await Promise.all(slow.map((server) => untilReceived(server, EACH)));
  expect(quick.received).toHaveLength(0);
  await pass(SECOND_MS);
  expect(quick.received).toHaveLength(1);
});

it('one that is a little slow goes on getting what waits for it, though others hold all places of the slow', async () => {
  await start();
  const slow = await Promise.all(Array.from({ length: ORIGINS }, async () => (await holdingPuppet()).server));
  const other = (await holdingPuppet()).server;
  let n = 0;
  const leaveAt = async (url: string, dueAtMs = clock.nowMs()): Promise<void> => {
    const openKfId = account(n++);
    await registerAt(url, { openKfId });
    await leave({ event: kfEvent({ id: openKfId, openKfId }), endpoint: url, dueAtMs });
  };
  for (const { url } of slow) for (let hint = 0; hint < EACH; hint++) await leaveAt(url);
  // The second is due when the first has turned out to be slow.
  await leaveAt(other.url, clock.nowMs() + 100);
  await leaveAt(other.url, clock.nowMs() + 3_000);
  dispatch.waiting.kept.added.wakeUp();
  await pass(500);
  await Promise.all(slow.map((server) => untilReceived(server, EACH)));
  await pass(2_000);
  expect(other.received).toHaveLength(1);
  await pass(SECOND_MS);
  expect(other.received).toHaveLength(2);
});
