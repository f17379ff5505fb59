/** Registrations over HTTP, within the process, so that one can be held between being stored and being answered. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { FakeSecretCheck } from '../../../test/support/fake-secret-check.js';
import { MemoryJournals } from '../../../test/support/memory-journals.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import {
  type PuppetServer,
  register,
  registrationOf,
  startPuppetServer,
} from '../../../test/support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage } from '../../../test/support/wecom.js';
import { callbackConfig } from '../../callback/callback.config.js';
import { CallbackModule } from '../../callback/callback.module.js';
import { NobodyModule } from '../../../test/support/nobody.js';
import { NoDueMessages, NoTriedEvents, NoWaitingMessages } from '../../../test/support/no-messages.js';
import { loadConfig } from '../../config/config.js';
import { CarriersModule } from '../../dispatch/carriers.module.js';
import { DispatchModule } from '../../dispatch/dispatch.module.js';
import { TriedEvents } from '../../dispatch/endpoint/tried-events.js';
import { WaitingMessages } from '../../dispatch/endpoint/waiting-messages.js';
import { HttpCarrier } from '../../dispatch/http/http-carrier.js';
import { DueMessages } from '../../dispatch/later/due-messages.js';
import { configModule } from '../../config/config.module.js';
import { dispatchConfig } from '../../dispatch/inline/dispatch.config.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import { MemoryQueue, QueueStore } from '../../storage/queue/queue-store.js';
import { HttpModule } from '../../http/http.module.js';
import { createHttpServer } from '../../http/server.js';
import { Clock } from '../../kernel/clock.js';
import { KernelModule } from '../../kernel/kernel.module.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { PortsModule } from '../../kernel/ports.module.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { metricsConfig } from '../../metrics/metrics.config.js';
import { Metrics } from '../../metrics/metrics.js';
import { MetricsModule } from '../../metrics/metrics.module.js';
import { logConfig } from '../../log/log.config.js';
import { Journals } from '../../storage/journal/journal.js';
import { LogModule } from '../../log/log.module.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { WaitingEvents } from '../accounts/waiting-events.js';
import { appsConfig } from '../apps/apps.config.js';
import { endpointConfig } from '../endpoint/endpoint.config.js';
import { registrationConfig } from './registration.config.js';
import { RecordStore } from '../../storage/records/records.js';
import { RegistryModule } from '../registry.module.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { RegistrationsUnderWay } from '../puppets/registrations-under-way.js';
import { SecretCheck } from '../puppets/secret-check.js';
import { Counters } from '../../storage/counters/counters.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { MemoryCounters } from '../../storage/counters/memory-counters.js';

/** Stores at once; whether it tells its caller at once too can be chosen. */
class HoldingRepository extends MemoryPuppetRepository {
  readonly #held: (() => void)[] = [];
  #onStored: (() => void) | null = null;

  /** The next registration is not told to be stored before `release`. Resolves when it is stored. */
  holdNext(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStored = resolve;
    });
  }

  release(): void {
    for (const tell of this.#held.splice(0)) tell();
  }

  override async save(...saved: Parameters<MemoryPuppetRepository['save']>) {
    const puppet = await super.save(...saved);
    if (this.#onStored !== null) {
      this.#onStored();
      this.#onStored = null;
      await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    return puppet;
  }
}

let repository: HoldingRepository;
let application: NestFastifyApplication;
let url: string;
let puppet: PuppetServer;

@Global()
@Module({
  providers: [
    { provide: PuppetRepository, useFactory: () => repository },
    { provide: RecordStore, useFactory: () => new MemoryRecords() },
    { provide: QueueStore, useFactory: () => new MemoryQueueStore() },
    { provide: MemoryQueue, useFactory: () => new MemoryQueueStore() },
    { provide: Counters, useFactory: () => new MemoryCounters() },
    { provide: SecretCheck, useFactory: () => new FakeSecretCheck() },
    { provide: Journals, useFactory: () => new MemoryJournals() },
    { provide: WecomMetrics, useFactory: (metrics: Metrics) => new WecomMetrics(metrics), inject: [Metrics] },
    { provide: StoreClock, useExisting: Clock },
  ],
  exports: [
    PuppetRepository,
    RecordStore,
    QueueStore,
    MemoryQueue,
    Counters,
    SecretCheck,
    Journals,
    WecomMetrics,
    StoreClock,
  ],
})
class HeldStorage {}

@Module({})
class Manager {}

beforeEach(async () => {
  repository = new HoldingRepository();
  const [config, lifecycle, log] = [loadConfig({}), new Lifecycle(), pino({ level: 'silent' })];
  const server = createHttpServer(config, log);
  application = await NestFactory.create<NestFastifyApplication>(
    {
      module: Manager,
      imports: [
        configModule(config, [
          appsConfig,
          callbackConfig,
          dispatchConfig,
          endpointConfig,
          metricsConfig,
          logConfig,
          registrationConfig,
        ]),
        KernelModule.forRoot(log, lifecycle),
        HttpModule.forRoot(config, server, [NobodyModule]),
        MetricsModule,
        HeldStorage,
        LogModule,
        RegistryModule,
        PortsModule.forRoot([
          [WaitingEvents, 'needed', DispatchModule],
          [TriedEvents, NoTriedEvents],
          [WaitingMessages, NoWaitingMessages],
          [DueMessages, NoDueMessages],
        ]),
        CarriersModule.forRoot([[HttpCarrier, DispatchModule]]),
        CallbackModule,
      ],
    },
    server.adapter,
    { logger: false, abortOnError: false, bodyParser: false },
  );
  await application.listen(0, '127.0.0.1');
  url = await application.getUrl();
  puppet = await startPuppetServer();
});

afterEach(async () => {
  repository.release();
  await application.close();
  await puppet.close();
});

const app = newApp();
const openKfId = newOpenKfId();
const send = (): Promise<Response> => sendMessage(url, app, openKfId);

/** Registers, is stored, and is answered by what it resolves to. */
async function registerHeld(endpoint: string): Promise<() => Promise<void>> {
  const stored = repository.holdNext();
  const answered = register(url, app, openKfId, endpoint);
  await stored;
  return () => {
    repository.release();
    return answered;
  };
}

/** Resolves when so many callbacks have come as far as to wait for a registration. */
function callbacksWaiting(count: number): Promise<void> {
  const underWay = application.get(RegistrationsUnderWay);
  const ask = underWay.whenOver.bind(underWay);
  let asked = 0;
  return new Promise((resolve) => {
    underWay.whenOver = (account) => {
      if (++asked === count) resolve();
      return ask(account);
    };
  });
}

describe('a registration that is stored and not answered yet', () => {
  it('gets nothing before its answer, and then at once what came meanwhile', async () => {
    await register(url, app, newOpenKfId(), 'http://127.0.0.1:1');
    const answer = await registerHeld(puppet.url);
    const waiting = callbacksWaiting(2);
    const answers = Promise.all([send(), send()]);
    await waiting;
    expect(puppet.received).toEqual([]);
    await answer();
    expect((await answers).map(({ status }) => status)).toEqual([200, 200]);
    expect(puppet.received).toHaveLength(2);
  });

  it('leaves nothing to the earlier endpoint either, which may be the same process', async () => {
    await register(url, app, openKfId, `${puppet.url}/before`);
    const answer = await registerHeld(`${puppet.url}/after`);
    const waiting = callbacksWaiting(1);
    const sent = send();
    await waiting;
    await answer();
    expect((await sent).status).toBe(200);
    expect(puppet.received.map(({ path }) => path)).toEqual(['/after/callback']);
  });

  it('that takes longer than callbacks wait, gets what was kept in the tick of its answer', async () => {
    await register(url, app, newOpenKfId(), 'http://127.0.0.1:1');
    const answer = await registerHeld(puppet.url);
    expect((await send()).status).toBe(200);
    expect(puppet.received).toEqual([]);
    const arrived = puppet.next();
    await answer();
    await arrived;
    expect(puppet.received).toHaveLength(1);
  });

  it('with other keys, gets what came meanwhile in a form that it can read', async () => {
    await register(url, app, openKfId, 'http://127.0.0.1:1');
    const renewed = { ...newApp(), corpId: app.corpId };
    const stored = repository.holdNext();
    const answered = register(url, renewed, openKfId, puppet.url);
    await stored;
    const waiting = callbacksWaiting(1);
    const sent = send();
    await waiting;
    repository.release();
    await answered;
    expect((await sent).status).toBe(200);
    expect(puppet.received.map(({ path }) => path)).toEqual(['/callback/decrypted']);
  });
});

it('an endpoint is in use from the tick in which its answer is written, and not before', async () => {
  const endpointInUse = () => application.get(RegistryImage).findPuppet(openKfId)?.endpoint;
  await register(url, app, openKfId, 'http://before');
  const seen: unknown[] = [];
  application.getHttpServer().prependOnceListener('request', (_request, response) => {
    const { end } = response;
    response.end = (...args: unknown[]) => {
      seen.push(endpointInUse());
      process.nextTick(() => seen.push(endpointInUse()));
      return Reflect.apply(end, response, args);
    };
  });
  await register(url, app, openKfId, 'http://after');
  expect(seen).toEqual(['http://before', 'http://after']);
});

describe('a goodbye', () => {
  const say = (what: 'register' | 'deregister', remoteAddress: string) =>
    application.inject({
      method: 'POST',
      url: `/puppetWxkfManager/${what}`,
      payload: registrationOf(app, openKfId, 'http://puppet:8080'),
      remoteAddress,
    });
  const isOnline = () => application.get(RegistryImage).findPuppet(openKfId)?.online;

  beforeEach(async () => {
    for (const address of ['10.0.0.1', '10.0.0.2']) await say('register', address);
  });

  it('of a process that was replaced is acknowledged and ignored, when it speaks after its successor', async () => {
    const answer = await say('deregister', '10.0.0.1');
    expect([answer.statusCode, answer.json()]).toEqual([200, { code: 0, message: 'success' }]);
    expect(isOnline()).toBe(true);
  });

  it.each(['10.0.0.2', '10.0.0.3'])('from %s counts', async (address) => {
    await say('deregister', address);
    expect(isOnline()).toBe(false);
  });
});
