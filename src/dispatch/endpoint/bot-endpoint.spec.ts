import { describe, expect, it } from '@jest/globals';
import { kfEvent, kfParcel, pass, puppetServer } from '../../../test/support/delivery.js';
import {
  dispatch,
  refusing,
  registerAt,
  replicasOfEachTest,
  start,
} from '../../../test/support/redelivery.js';
import { Secret } from '../../kernel/secret.js';
import { openBot } from '../../../test/support/bots.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { type CarrierCriteria, Carrier } from './carrier.js';
import type { Parcel } from './parcel.js';
import type { Attempt, AttemptResult, OnEnd } from './attempt.js';
import type { RecordedAttempt } from './deliveries.js';
import type { BotEndpoint } from './bot-endpoint.js';

replicasOfEachTest();

const FAILURES_UNTIL_OPEN = 5;

function botEndpoint(): BotEndpoint {
  const found = dispatch.botEndpoints.to(dispatch.registry.destinations.find(kfEvent()));
  if (found === null) throw new Error('no puppet is known');
  return found;
}

it('leads nowhere where no puppet is known, or another corp has the account', async () => {
  await start();
  expect(dispatch.botEndpoints.to(dispatch.registry.destinations.find(kfEvent()))).toBeNull();
  await registerAt('http://puppet', { corpId: 'wwOther' });
  expect(dispatch.botEndpoints.to(dispatch.registry.destinations.find(kfEvent()))).toBeNull();
});

describe('an attempt', () => {
  it.each(['', 'puppet:8080', 'ftp://puppet', 'http://puppet/?bot=7', 'http://user:secret@puppet'])(
    'at an endpoint that cannot be used (%j) tells why, without its value, and holds back no other',
    async (endpoint) => {
      await start();
      await registerAt(endpoint);
      for (let n = 0; n < FAILURES_UNTIL_OPEN; n++) expect(botEndpoint().admits()).toBe(true);
      const attempt = botEndpoint().attempt(kfParcel(), 'inline');
      const result = await attempt.result;
      expect(result).toMatchObject({
        taken: false,
        stage: 'endpoint',
        reason: expect.stringMatching(/^the registered endpoint must /),
      });
      expect(JSON.stringify(result)).not.toContain('secret');
      expect(attempt.withdraw()).toBe(true);
      expect(dispatch.circuits.open.size).toBe(0);
    },
  );

  it('is in the books before others see its result', async () => {
    await start();
    await registerAt((await puppetServer()).url);
    const booked: RecordedAttempt[] = [];
    dispatch.deliveries.listen((delivery) => booked.push(delivery));
    const { result } = botEndpoint().attempt(kfParcel({ id: 'booked' }, 3), 'due');
    await result;
    expect(booked).toMatchObject([
      { eventId: 'booked', occasion: 'due', attempt: 3, result: { taken: true, status: 200 } },
    ]);
  });

  it('at an event is told to the room of messages, and one at a message is not', async () => {
    await start();
    await registerAt((await puppetServer()).url);
    const tried: string[] = [];
    dispatch.tried.ended = ({ eventId }: RecordedAttempt) => void tried.push(eventId);
    await botEndpoint().attempt(kfParcel({ id: 'event-1' }), 'due').result;
    const body = { kind: 'message', content: new Secret('{}'), isOfCustomer: true, hasPulled: null } as const;
    await botEndpoint().attempt({ ...kfParcel({ id: 'message-1' }), body }, 'message').result;
    expect(tried).toEqual(['event-1']);
  });

  it('that fails again and again opens the circuit, unless a person asked for it', async () => {
    await start();
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    for (let n = 0; n < FAILURES_UNTIL_OPEN; n++) await botEndpoint().attemptShown(kfParcel()).result;
    expect([botEndpoint().isOpen, botEndpoint().admits()]).toEqual([false, true]);
    for (let n = 0; n < FAILURES_UNTIL_OPEN; n++) await botEndpoint().attempt(kfParcel(), 'inline').result;
    expect([botEndpoint().isOpen, botEndpoint().admits()]).toEqual([true, false]);
    server.behave((_request, response) => void response.end('success'));
    await botEndpoint().attemptShown(kfParcel()).result;
    expect(botEndpoint().isOpen).toBe(false);
  });

  it('for which the service of an agent was not asked does not close its circuit, as one that it answers does', async () => {
    let result: AttemptResult = { taken: false, stage: 'key', reason: '' };
    class AnsweredCarrier extends Carrier {
      override takes({ bot }: CarrierCriteria): boolean {
        return bot?.kind === 'agent';
      }

      override start(_parcel: Parcel, _to: Destination, onEnd: OnEnd): Attempt {
        onEnd(result);
        return { result: Promise.resolve(result), withdraw: () => false };
      }
    }
    await start({ carriers: [new AnsweredCarrier()] });
    const endpoint = { origin: 'http://ai', host: 'ai', basePath: '', href: 'http://ai#bot-1' };
    const bot = { ...openBot({ kind: 'agent', takes: 'message', callback: null }), endpoint } as KnownBot;
    const to = {
      ...kfEvent(),
      address: '',
      bot,
      puppet: null,
      fault: '',
      isPulled: false,
      hasRecipient: true,
      endpoint,
    };
    const ask = () =>
      dispatch.botEndpoints.to(to as Partial<Destination> as Destination)?.attempt(kfParcel(), 'message');
    for (let n = 0; n < FAILURES_UNTIL_OPEN; n++) ask();
    const { circuits } = dispatch;
    expect(circuits.isOpen(endpoint.href)).toBe(true);
    result = { taken: true, status: 200, isUnasked: true };
    ask();
    expect(circuits.isOpen(endpoint.href)).toBe(true);
    result = { taken: true, status: 200 };
    ask();
    expect(circuits.isOpen(endpoint.href)).toBe(false);
  });

  it('that a puppet takes which had said goodbye notes that it is back', async () => {
    await start();
    await registerAt((await puppetServer()).url);
    const { openKfId, corpId } = kfEvent();
    const isOnline = () => dispatch.registry.image.findPuppet(openKfId)?.online;
    await dispatch.registry.presence.deregister({ openKfId, corpId });
    expect(isOnline()).toBe(false);
    await botEndpoint().attempt(kfParcel(), 'due').result;
    await pass(0);
    expect(isOnline()).toBe(true);
  });
});
