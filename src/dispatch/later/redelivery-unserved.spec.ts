import { beforeEach, expect, it } from '@jest/globals';
import { newBot } from '../../../test/support/bots.js';
import { clock, kfEvent, pass, puppetServer } from '../../../test/support/delivery.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import { registration } from '../../../test/support/puppets.js';
import {
  account,
  dispatch,
  hintOf,
  leave,
  replicasOfEachTest,
  SECOND_MS,
  SharedEventQueue,
  start,
  table,
  taking,
} from '../../../test/support/redelivery.js';
import { BOTS } from '../../registry/bots/stored-bot.js';

replicasOfEachTest();

beforeEach(() => start({ events: new SharedEventQueue() }));

const BY = {} as never;
const openKfId = account(1);

async function staffed(openKfIds: string[]): Promise<string> {
  const given = newBot({ openKfIds, kind: 'none', callback: null });
  const { bot } = await dispatch.registry.botsService.add(given, BY);
  return bot.id;
}

const keptElsewhere = (endpoint: string): Promise<unknown> =>
  leave({ event: kfEvent({ id: 'kept-elsewhere', openKfId }), endpoint }, dispatch);

it('what another replica kept for a puppet is not dropped as if people served all accounts', async () => {
  const { url, received } = await puppetServer(taking);
  await staffed(['*']);
  const elsewhere = new MemoryPuppetRepository(table);
  const puppet = await elsewhere.save(registration({ openKfId, endpoint: url }), clock.nowMs(), () => true);
  if (puppet !== null) await elsewhere.markAnswered(puppet);
  await keptElsewhere(url);
  dispatch.waiting.kept.added.wakeUp();
  await pass(SECOND_MS);
  expect(received).toHaveLength(1);
});

it('what another replica kept after people served the account no more is not dropped', async () => {
  const { url, received } = await puppetServer(taking);
  const { registrations, records } = dispatch.registry;
  (await registrations.register(registration({ openKfId, endpoint: url }))).answered();
  const id = await staffed([openKfId]);
  await records.of(BOTS).remove(id);
  await keptElsewhere(url);
  dispatch.waiting.kept.added.wakeUp();
  await pass(SECOND_MS);
  expect(received).toHaveLength(1);
});

it('what waits is dropped when people serve the account', async () => {
  await staffed([openKfId]);
  await keptElsewhere('http://127.0.0.1:1');
  dispatch.waiting.kept.added.wakeUp();
  await pass(SECOND_MS);
  expect(await hintOf(openKfId)).toBeNull();
});
