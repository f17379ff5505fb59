import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import type { Client } from './clients/client.js';
import { Clients } from './clients/clients.js';
import { PollWire } from './clients/poll-wire.js';
import type { EventFrame } from './frames.js';
import type { PassedPoll } from './replicas/passed.js';
import { ReplicaCalls } from './replicas/replica-calls.js';
import { type EventsAnswer, type EventsDto, toEventsAnswer } from './stream.dto.js';
import { type Caller, StreamAdmission } from './stream-admission.js';

/**
 * Of one bot, over all replicas. A client needs no connection and is remembered for a minute: without a bound, a bot that makes
 * up a `clientId` for each request would fill the memory.
 */
const POLLERS_MAX = 100;
const RETRY_AFTER_S = 60;

/** Clients that ask for events. Their requests may reach any replica; one of them has the client. */
@Injectable()
export class Polls {
  readonly #wires = new WeakMap<Client, PollWire>();

  constructor(
    private readonly admission: StreamAdmission,
    private readonly connected: ConnectedBots,
    private readonly clients: Clients,
    private readonly replicas: ReplicaCalls,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `STREAM_ENDING`, `AUTH_WRONG`, `BOT_FORBIDDEN`, `STREAM_CLIENTS_TOO_MANY` */
  async ask(
    { clientId, ack = [], nack = [], waitS }: EventsDto,
    request: FastifyRequest,
  ): Promise<EventsAnswer> {
    const botId = request.bot?.id ?? '';
    const known = this.connected.ofClient(botId, clientId);
    // Also of a process that stops and takes nobody any more.
    const here = this.clients.find(known?.id ?? '');
    if (here !== null) answer(here, { ack, nack });
    const caller = this.admission.callerOf(request);
    const poll = { ack, nack, waitMs: waitS * 1_000 };
    if (known !== null && known.way === 'poll') {
      const passed = { connectionId: known.id, ...poll };
      const events = this.clients.find(known.id)
        ? await untilGone(request, (gone) => this.askHere(passed, gone))
        : await this.replicas.poll(known, passed, poll.waitMs);
      if (events !== null) return toEventsAnswer(events);
    } else if (this.connected.pollersOf(caller.bot.id) >= POLLERS_MAX)
      throw new AppError('STREAM_CLIENTS_TOO_MANY', { retryAfterS: RETRY_AFTER_S });
    const client = this.#connect(caller, clientId);
    if (client === null) return toEventsAnswer([]);
    const events = await untilGone(request, (gone) => this.#ask(client, poll, gone));
    return toEventsAnswer(events ?? []);
  }

  /** @returns `null` where the client is not connected here. */
  async askHere(
    { connectionId, ...poll }: PassedPoll,
    gone: Promise<void>,
  ): Promise<readonly EventFrame[] | null> {
    const client = this.clients.find(connectionId);
    return client === null ? null : this.#ask(client, poll, gone);
  }

  async #ask(
    client: Client,
    poll: Omit<PassedPoll, 'connectionId'>,
    gone: Promise<void>,
  ): Promise<readonly EventFrame[] | null> {
    answer(client, poll);
    return this.#wires.get(client)?.ask(poll.waitMs, gone) ?? null;
  }

  #connect(caller: Caller, clientId: string): Client | null {
    const introduction = { clientId, openKfIds: null, wantsCallbacks: false };
    const admitted = this.admission.admit(caller, introduction, 'poll');
    if (typeof admitted === 'string') return null;
    const wire = new PollWire(
      this.clock,
      (frame) => client?.underWay.sent(frame),
      () => client?.lost(),
    );
    const client = this.clients.add(admitted, wire);
    if (client !== null) this.#wires.set(client, wire);
    return client;
  }
}

function answer({ underWay }: Client, { ack, nack }: Pick<PassedPoll, 'ack' | 'nack'>): void {
  for (const id of ack) underWay.ack(id);
  for (const id of nack ?? []) underWay.nack(id, null);
}

/** Tells the work when the caller hangs up. The connection may carry many such requests, one after the other. */
export async function untilGone<T>(
  { raw: { socket } }: FastifyRequest,
  work: (gone: Promise<void>) => Promise<T>,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = (): void => resolve();
  socket.once('close', leave);
  try {
    return await work(promise);
  } finally {
    socket.off('close', leave);
  }
}
