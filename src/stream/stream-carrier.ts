import { Injectable } from '@nestjs/common';
import {
  type Attempt,
  ATTEMPT_LIMIT_MS,
  failedAttempt,
  HALVES_MS,
  type OnEnd,
} from '../dispatch/endpoint/attempt.js';
import { type CarrierCriteria, Carrier } from '../dispatch/endpoint/carrier.js';
import { envelopeFor } from '../dispatch/http/forms.js';
import { toCallbackQuery } from '../dispatch/http/wecom-envelope.js';
import { eventOf, hasPulledOf, type Parcel } from '../dispatch/endpoint/parcel.js';
import { Clock } from '../kernel/clock.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import { isOpen } from '../registry/bots/bot.js';
import type { KnownBot } from '../registry/bots/known-bots.js';
import type { Destination } from '../registry/accounts/destination.js';
import { isStream } from '../registry/endpoint/endpoint.js';
import { makeSyncToken } from '../registry/bots/sync-tokens.js';
import { Clients } from './clients/clients.js';
import type { CallbackText, EventFrame } from './protocol/frames.js';

const NOBODY = 'no client of the bot is connected';
const MOVED = 'the client of the bot has connected to another replica, which claims it';

/** Carries over the connections that clients of bots have opened to this process: to the client that is active for the account. */
@Injectable()
export class StreamCarrier extends Carrier {
  constructor(
    private readonly connected: ConnectedBots,
    private readonly clients: Clients,
    private readonly clock: Clock,
  ) {
    super();
  }

  override takes({ endpoint, bot, isPulled }: CarrierCriteria): boolean {
    const isStreamed = endpoint === null ? bot?.kind === 'stream' : isStream(endpoint);
    return isStreamed && !isPulled;
  }

  override start(parcel: Parcel, { bot, openKfId }: Destination, onEnd: OnEnd): Attempt {
    const connection = bot === null ? null : this.connected.activeOf(bot.id, openKfId);
    if (bot === null || connection === null) return failedAttempt('connect', NOBODY, onEnd);
    const client = this.clients.find(connection.id);
    if (client === null) return failedAttempt('withdrawn', MOVED, onEnd);
    if (client.admitted.wantsCallbacks && !isOpen(bot))
      return failedAttempt('endpoint', "the bot's secrets cannot be opened; see SECRETS_KEY", onEnd);
    const frame = this.#toFrame(bot, parcel, client.admitted.wantsCallbacks);
    return client.underWay.start(frame, ackLimitMs(bot), onEnd, hasPulledOf(parcel));
  }

  #toFrame(bot: KnownBot, parcel: Parcel, wantsCallbacks: boolean): EventFrame {
    const { id, openKfId, corpId, attempt, body } = parcel;
    const ageMs = Math.round(parcel.ageMs);
    const limit = hasPulledOf(parcel) === null ? {} : { ackMs: HALVES_MS };
    const head = { type: 'event', id, attempt, openKfId, corpId, ageMs, ...limit } as const;
    if (body.kind === 'message' && body.hasPulled === null)
      return { ...head, message: JSON.parse(body.content.reveal()) };
    const event = eventOf(parcel);
    // Without a sync token, the manager makes one. Only bots that call WeCom through the manager get it: WeCom does not know it.
    const token = event.syncToken || (bot.api === 'manager' ? makeSyncToken(openKfId) : '');
    if (!wantsCallbacks) return { ...head, token };
    const callback = this.#seal(bot, { ...parcel, body: { ...event, syncToken: token } });
    return { ...head, token, callback };
  }

  #seal(bot: KnownBot, parcel: Parcel): CallbackText {
    const nowS = String(Math.floor(this.clock.nowMs() / 1_000));
    const callback = envelopeFor(bot).of(parcel, nowS);
    return { query: toCallbackQuery(callback), body: callback.body.toString() };
  }
}

/** How long an acknowledgement may take: the bot's `timeoutMs`, since some bots pull before they answer. */
export function ackLimitMs(bot: KnownBot): number {
  return 'callback' in bot ? bot.callback.timeoutMs : ATTEMPT_LIMIT_MS;
}
