import type { Server } from 'node:http';
import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Clock } from '../kernel/clock.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { Clients } from './clients/clients.js';
import { ReplicaSync } from './replica-sync.js';
import { StreamServer } from './stream-server.js';

/** How long clients may take to connect to another replica before their connections end here. */
const HOLD_MS = 10_000;
/** Without another replica, clients cannot go elsewhere. At the stop this process waits so long for the last acknowledgements. */
const LAST_ACKS_MS = 10_000;
const LOOK_MS = 20;
/** Clients are told to reconnect at random times within this time, so that they do not come all at once. */
const RECONNECT_SPREAD_MS = 1_000;

/** Begins and ends the streams of this process. */
@Injectable()
export class StreamLifecycle implements OnModuleInit, BeforeApplicationShutdown {
  /** When this process stopped taking new requests, by `Clock.elapsedMs`; `null` before. */
  #stoppedAtMs: number | null = null;
  #drained: Promise<void> | null = null;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly server: StreamServer,
    private readonly clients: Clients,
    private readonly sync: ReplicaSync,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
  ) {
    void lifecycle.whenDraining().then(() => this.#drainOnce());
    void lifecycle.whenCutOff().then(() => this.server.endAll('drain'));
  }

  onModuleInit(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    server.once('listening', () => this.sync.start());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stoppedAtMs ??= this.clock.elapsedMs();
    await this.#drainOnce();
  }

  #drainOnce(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    for (const client of this.clients.list())
      client.goAway('drain', Math.round(Math.random() * RECONNECT_SPREAD_MS));
    const startedMs = this.clock.elapsedMs();
    while (this.#isWaitedFor(startedMs)) await this.clock.sleep(LOOK_MS);
    for (const client of this.clients.list()) client.end('drain');
    this.server.endAll('drain');
    await this.sync.stop();
  }

  #isWaitedFor(startedMs: number): boolean {
    const clients = this.clients.list();
    const nowMs = this.clock.elapsedMs();
    if (this.sync.hasOthers) return clients.length > 0 && nowMs < startedMs + HOLD_MS;
    if (this.#stoppedAtMs === null) return clients.length > 0;
    return clients.some(({ underWay }) => underWay.size > 0) && nowMs < this.#stoppedAtMs + LAST_ACKS_MS;
  }
}
