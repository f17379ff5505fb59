import type { ServerResponse } from 'node:http';
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { carrierContract, messageBody } from '../test/contracts/carrier.contract.js';
import { knownBot, storedBot } from '../test/support/bots.js';
import { kfParcel, endpointAt } from '../test/support/delivery.js';
import { REPLICA } from './kernel/replica.js';
import { ManualClock } from '../test/support/manual-clock.js';
import { MemoryRecords } from '../test/support/memory-records.js';
import { startPuppetServer } from '../test/support/puppet-server.js';
import { AgentCarrier } from './agents/agent-carrier.js';
import { AgentLog } from './agents/agent-log.js';
import { AgentQuestions } from './agents/agent-questions.js';
import { ReplySender } from './agents/reply-sender.js';
import { AgentMetrics } from './agents/agent-metrics.js';
import { Conversations } from './agents/conversations.js';
import { Fallbacks } from './agents/fallbacks.js';
import { Replies } from './agents/replies.js';
import { AgentSender } from './agents/agent-sender.js';
import { ServiceClient } from './agents/service/service-client.js';
import { loadConfig } from './config/config.js';
import type { AttemptResult } from './dispatch/endpoint/attempt.js';
import { BackgroundWork } from './kernel/background-work.js';
import type { Parcel } from './dispatch/endpoint/parcel.js';
import { HttpCarrier } from './dispatch/http/http-carrier.js';
import { HealthyLogLines } from './kernel/healthy-log-lines.js';
import { NoTracing } from './kernel/tracing.js';
import type { Coverage } from './messages/pulling/coverage.js';
import type { PullRun } from './messages/pulling/pull-run.js';
import { Puller } from './messages/pulling/puller.js';
import { Metrics } from './metrics/metrics.js';
import { OutgoingSockets } from './metrics/outgoing-sockets.js';
import type { Destination, Destinations } from './registry/accounts/destination.js';
import { AGENT_DEFAULTS } from './registry/bots/agent.dto.js';
import type { ConnectedBots } from './registry/bots/connected-bots.js';
import type { KnownBot } from './registry/bots/known-bots.js';
import type { SyncTokens } from './registry/bots/sync-tokens.js';
import { type CallbackUrl, ofBot, readCallbackUrl, streamEndpointOf } from './registry/endpoint/endpoint.js';
import { EndpointPolicy } from './registry/endpoint/endpoint-policy.js';
import type { Clients } from './stream/clients/clients.js';
import { EventsUnderWay } from './stream/clients/events-under-way.js';
import type { EventFrame } from './stream/protocol/frames.js';
import { StreamCarrier } from './stream/stream-carrier.js';
import type { KfCall, KfCalls } from './wecom/calls/kf-calls.js';

const log = pino({ level: 'silent' });

/** A server that holds what it gets, and answers WeCom's question with 404. */
async function holdingServer() {
  const held: ServerResponse[] = [];
  const server = await startPuppetServer((request, response) => {
    if (request.method === 'GET') response.writeHead(404).end();
    else held.push(response);
  });
  return {
    url: server.url,
    seen: async (count: number) => {
      while (server.received.length < count) await server.next();
    },
    answer: async (status: number, body = '') => {
      for (const response of held.splice(0))
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    },
    close: () => server.close(),
  };
}

function botAt(url: string, fields: Parameters<typeof storedBot>[0] = {}): KnownBot {
  const { id } = storedBot(fields);
  return knownBot(fields, ofBot(readCallbackUrl(url) as CallbackUrl, id));
}

const message = (): Parcel => ({ ...kfParcel(), body: messageBody() });

const destination = (fields: Partial<Destination>): Destination =>
  ({
    corpId: 'wwCorp_1',
    openKfId: 'wkAccount-1',
    puppet: null,
    isPulled: false,
    fault: '',
    ...fields,
  }) as Destination;

carrierContract('over HTTP', ['bounds', 'halves', 'verifies'], async () => {
  const [clock, server] = [new ManualClock(), await holdingServer()];
  const carrier = new HttpCarrier(clock, log, new EndpointPolicy(loadConfig({})), new NoTracing());
  const bot = botAt(`${server.url}/wxkf/`, {
    callback: { receiveId: 'wwCorp_1', timeoutMs: 4_000, form: 'wecom' },
  });
  return {
    ...{ clock, carrier, parcel: kfParcel(), seen: server.seen, refusedAt: 'status', lateAt: 'timeout' },
    to: destination({ bot, endpoint: bot.endpoint as CallbackUrl }),
    take: () => server.answer(200),
    refuse: () => server.answer(500),
    ...{ limitMs: 4_000, atOnce: 32, waitingMax: 512 },
    close: async () => {
      await carrier.close();
      await server.close();
    },
  };
});

carrierContract('over streams', ['bounds', 'halves', 'too long'], async () => {
  const [clock, frames] = [new ManualClock(), [] as EventFrame[]];
  const underWay = new EventsUnderWay({ offer: (frame) => frames.push(frame) }, clock);
  const client = { underWay, admitted: { wantsCallbacks: false } };
  const bot = botAt('http://unused/', { kind: 'stream' });
  const carrier = new StreamCarrier(
    { activeOf: () => ({ id: 'connection-1', botId: bot.id }) } as unknown as ConnectedBots,
    { find: () => client } as unknown as Clients,
    clock,
  );
  return {
    ...{ clock, carrier, parcel: message(), refusedAt: 'status', lateAt: 'timeout' },
    to: destination({ bot, endpoint: streamEndpointOf(bot.id, 'client-1', REPLICA) }),
    seen: async (count) => void expect(frames.length).toBeGreaterThanOrEqual(count),
    take: async () => void underWay.ack(frames[0]?.id ?? ''),
    refuse: async () => void underWay.nack(frames[0]?.id ?? '', null),
    ...{ limitMs: 4_000, atOnce: 1, waitingMax: 17 },
    tooLong: async () => underWay.lostToLength(),
    close: async () => underWay.lost(),
  };
});

carrierContract('to agents', ['bounds', 'tells'], async () => {
  const [clock, server, records, sent] = [
    new ManualClock(),
    await holdingServer(),
    new MemoryRecords(),
    [] as string[],
  ];
  const config = { httpsProxy: null, httpProxy: null, noProxy: null } as never;
  const client = new ServiceClient(
    ...([
      config,
      new EndpointPolicy(loadConfig({})),
      clock,
      log,
      new OutgoingSockets(new Metrics()),
    ] as const),
  );
  const calls = {
    call: async ({ body }: KfCall) => {
      sent.push((body as { text: { content: string } }).text.content);
      return { fields: {} };
    },
  } as unknown as KfCalls;
  const [conversations, replies] = [new Conversations(records, clock), new Replies(records, clock)];
  const sending = new AgentSender(calls, { begin: async () => null } as never);
  const agentLog = new AgentLog(log, new HealthyLogLines(1));
  const fallbacks = new Fallbacks(conversations, replies, sending, agentLog, clock);
  const questions = new AgentQuestions(client, new AgentMetrics(new Metrics()), agentLog, clock);
  const people = { handOver: async () => true };
  const sender = new ReplySender(conversations, replies, sending, people, agentLog, clock);
  const carrier = new AgentCarrier(questions, conversations, replies, sender, fallbacks, agentLog, clock);
  const agent = {
    ...{ ...AGENT_DEFAULTS, url: `${server.url}/v1`, model: 'm' },
    ...{ timeoutMs: 4_000, fallback: 'Please wait.' },
  };
  const bot = botAt(`${server.url}/v1`, { kind: 'agent', callback: null, agent });
  return {
    ...{ clock, carrier, parcel: message(), seen: server.seen, refusedAt: 'status', lateAt: 'timeout' },
    to: destination({ bot, endpoint: bot.endpoint as CallbackUrl }),
    take: () =>
      server.answer(
        200,
        JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }),
      ),
    refuse: () => server.answer(400, '{}'),
    ...{ limitMs: 4_000, atOnce: 100, waitingMax: 200 },
    told: () => sent,
    close: async () => {
      client.onApplicationShutdown();
      await clock.advance(60_000);
      await server.close();
    },
  };
});

carrierContract('that pulls', [], async () => {
  const [clock, running] = [new ManualClock(), [] as ((result: AttemptResult) => void)[]];
  const run: PullRun['run'] = () => new Promise((resolve) => void running.push(resolve));
  const bot = botAt('http://unused/', { takes: 'message' });
  const carrier = new Puller(
    { run } as PullRun,
    { findForMessages: () => null } as Partial<Destinations> as Destinations,
    { find: () => null } as Partial<SyncTokens> as SyncTokens,
    { pulled: () => {}, whenWritten: async () => {} } as unknown as Coverage,
    new BackgroundWork(),
    clock,
  );
  const end = async (result: AttemptResult) => void running.splice(0).forEach((resolve) => resolve(result));
  return {
    ...{ clock, carrier, parcel: kfParcel(), refusedAt: 'pull', lateAt: 'pull_later' },
    to: destination({ bot, endpoint: endpointAt('http://bot'), isPulled: true }),
    seen: async (count) => {
      await clock.advance(0);
      expect(running.length).toBeGreaterThanOrEqual(count);
    },
    take: () => end({ taken: true, status: 200 }),
    refuse: () => end({ taken: false, stage: 'pull', reason: 'errcode 48002' }),
    ...{ limitMs: 10_000, atOnce: 1 },
    close: () => end({ taken: true, status: 200 }),
  };
});
