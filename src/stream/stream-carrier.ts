import { Injectable } from '@nestjs/common';
import {
  type Attempt,
  ATTEMPT_LIMIT_MS,
  Exchange,
  HALVES_MS,
  type OnEnd,
} from '../dispatch/endpoint/attempt.js';
import { envelopeFor } from '../dispatch/endpoint/forms.js';
import { BotEndpoints } from '../dispatch/endpoint/bot-endpoint.js';
import type { Streamed, Streams } from '../dispatch/endpoint/streams.js';
import { toCallbackQuery } from '../dispatch/endpoint/wecom-envelope.js';
import { Clock } from '../kernel/clock.js';
import { ConnectedBots, type KnownConnection } from '../registry/bots/connected-bots.js';
import { type KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { makeSyncToken } from '../registry/bots/sync-tokens.js';
import { Clients } from './clients/clients.js';
import type { CallbackText, EventFrame } from './protocol/frames.js';
import { ReplicaCalls } from './replicas/replica-calls.js';

const NOBODY = 'no client of the bot is connected';

/** Sends an event to the client that is active for the account. If another replica has the connection, that replica sends it. */
@Injectable()
export class StreamCarrier implements Streams {
  constructor(
    private readonly connected: ConnectedBots,
    private readonly clients: Clients,
    private readonly bots: KnownBots,
    private readonly replicas: ReplicaCalls,
    private readonly clock: Clock,
    private readonly botEndpoints: BotEndpoints,
  ) {
    botEndpoints.streamBy(this);
  }

  start({ bot, openKfId }: Parameters<Streams['start']>[0], sent: Streamed, onEnd: OnEnd): Attempt {
    const connection = bot === null ? null : this.connected.activeOf(bot.id, openKfId);
    if (bot === null || connection === null) return Exchange.failed('connect', NOBODY, onEnd);
    if (this.clients.find(connection.id) !== null) return this.startHere(connection, sent, onEnd);
    return this.replicas.pass(connection, sent, ackLimitMs(bot), onEnd, this.#hasPulled(sent));
  }

  /** Sends an event over a connection of this process. */
  startHere({ id, botId }: Pick<KnownConnection, 'id' | 'botId'>, sent: Streamed, onEnd: OnEnd): Attempt {
    const [client, bot] = [this.clients.find(id), this.bots.find(botId)];
    if (client === null || bot === null) return Exchange.failed('connect', NOBODY, onEnd);
    if (client.admitted.wantsCallbacks && bot.opened === null)
      return Exchange.failed('endpoint', "the bot's secrets cannot be opened; see SECRETS_KEY", onEnd);
    const frame = this.#toFrame(bot, sent, client.admitted.wantsCallbacks);
    return client.underWay.start(frame, ackLimitMs(bot), onEnd, this.#hasPulled(sent));
  }

  /** @returns `null` when the bot does not have to pull a message. */
  #hasPulled({ event, number, isHalf }: Streamed): (() => Promise<boolean>) | null {
    return isHalf ? () => this.botEndpoints.halves.hasPulled(event, number) : null;
  }

  #toFrame(bot: KnownBot, sent: Streamed, wantsCallbacks: boolean): EventFrame {
    const { event, number, message, isHalf } = sent;
    const { id, openKfId, corpId } = event;
    const ageMs = Math.round(sent.ageMs);
    const limit = isHalf ? { ackMs: HALVES_MS } : {};
    const head = { type: 'event', id, attempt: number, openKfId, corpId, ageMs, ...limit } as const;
    if (message !== null) return { ...head, message: JSON.parse(message.reveal()) };
    // Without a sync token, the manager makes one. Only bots that call WeCom through the manager get it: WeCom does not know it.
    const token = event.syncToken || (bot.api === 'manager' ? makeSyncToken(openKfId) : '');
    if (!wantsCallbacks) return { ...head, token };
    return { ...head, token, callback: this.#seal(bot, { ...event, syncToken: token }) };
  }

  #seal(bot: KnownBot, event: Streamed['event']): CallbackText {
    const nowS = String(Math.floor(this.clock.nowMs() / 1_000));
    const callback = envelopeFor(bot).of(event, nowS);
    return { query: toCallbackQuery(callback), body: callback.body.toString() };
  }
}

/** How long an acknowledgement may take: the bot's `timeoutMs`, since some bots pull before they answer. */
export function ackLimitMs({ callback }: KnownBot): number {
  return callback?.timeoutMs ?? ATTEMPT_LIMIT_MS;
}
