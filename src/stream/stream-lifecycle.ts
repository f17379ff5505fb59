import type { Server } from 'node:http';
import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Clock } from '../kernel/clock.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { Clients } from './clients/clients.js';
import { OwnReplica } from './replicas/own-replica.js';
import { ReplicaSync } from './replicas/replica-sync.js';
import { StreamServer } from './stream-server.js';

/** How long clients may take to connect to another replica before their connections end here. */
const HOLD_MS = 10_000;
/** Where there is no other replica, clients have nowhere to go while this process serves: how long the last acknowledgements may take. */
const LAST_ACKS_MS = 10_000;
const LOOK_MS = 20;
/** Clients come back one after the other. */
const RECONNECT_SPREAD_MS = 1_000;

/** Begins and ends the streams of this process. */
@Injectable()
export class StreamLifecycle implements OnModuleInit, BeforeApplicationShutdown {
  /** When nothing new is taken any more, on the clock that never jumps. */
  #stoppedAtMs: number | null = null;
  #drained: Promise<void> | null = null;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly server: StreamServer,
    private readonly clients: Clients,
    private readonly own: OwnReplica,
    private readonly sync: ReplicaSync,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
  ) {
    void lifecycle.whenDraining().then(() => this.#drainOnce());
    void lifecycle.whenCutOff().then(() => this.server.endAll('drain'));
  }

  onModuleInit(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    server.once('listening', () => {
      this.own.listensAt(server);
      this.sync.start();
    });
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
