import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { toSecret } from '../http/access/credentials.js';
import { AppError } from '../kernel/app-error.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { REPLICA } from '../kernel/replica.js';
import { StoreClock } from '../kernel/store-clock.js';
import { hashOfKey, listedIn, takesAllOthers, takesCallbacks } from '../registry/bots/bot.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import { type KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import type { AdmittedClient } from './clients/client.js';

const STOPPING_RETRY_AFTER_S = 1;
const AGENT_LENGTH_MAX = 120;
/**
 * Twice the accounts that WeCom allows a corp. Clients of a bot with `["*"]` may name any account, and each named account takes
 * memory while the client is connected.
 */
const NAMED_MAX = 10_000;

/** What a client says about itself. */
export interface Introduction {
  readonly clientId: string;
  /** `null` for all accounts of the bot. */
  readonly openKfIds: readonly string[] | null;
  readonly wantsCallbacks: boolean;
}

/** A caller that has sent the key of a bot that may open streams. */
export interface StreamCaller {
  readonly bot: KnownBot;
  readonly keyHash: string;
  readonly address: string;
  readonly agent: string;
}

/** Decides which clients may connect. */
@Injectable()
export class StreamAdmission {
  constructor(
    private readonly bots: KnownBots,
    private readonly connected: ConnectedBots,
    private readonly lifecycle: Lifecycle,
    private readonly storeClock: StoreClock,
  ) {}

  /** @throws AppError `STREAM_ENDING`, `AUTH_WRONG`, `BOT_FORBIDDEN` */
  callerOf(request: FastifyRequest): StreamCaller {
    if (this.lifecycle.isDraining) {
      throw new AppError('STREAM_ENDING', { retryAfterS: STOPPING_RETRY_AFTER_S });
    }
    const { bot: calling, role, headers, ip } = request;
    const bot = calling === null ? null : this.bots.find(calling.id);
    if (bot === null)
      throw new AppError(role === null ? 'AUTH_WRONG' : 'BOT_FORBIDDEN', {
        detail: 'a stream takes the key of a bot of kind stream or callback',
      });
    if (!takesCallbacks(bot)) throw new AppError('BOT_FORBIDDEN', { detail: whyNoStream(bot) });
    return {
      bot,
      keyHash: hashOfKey(toSecret(headers.authorization ?? '')),
      address: ip,
      agent: (headers['user-agent'] ?? '').slice(0, AGENT_LENGTH_MAX),
    };
  }

  /** @returns the admitted client, or a text that says what is wrong with its accounts. */
  admit(caller: StreamCaller, said: Introduction): AdmittedClient | string {
    const { bot, keyHash, address, agent } = caller;
    const { clientId, openKfIds, wantsCallbacks } = said;
    const own = takesAllOthers(bot) ? null : new Set(listedIn(bot));
    const foreign = own === null ? undefined : openKfIds?.find((id) => !own.has(id));
    if (foreign !== undefined) return `openKfIds must be accounts of the bot; ${foreign} is not one`;
    if (openKfIds !== null && this.connected.namedBy(bot.id, openKfIds) > NAMED_MAX)
      return `the clients of the bot must not name more than ${NAMED_MAX} accounts together`;
    const nowMs = this.storeClock.nowMs();
    const earlier = this.connected.ofClient(bot.id, clientId);
    const connection = {
      id: randomUUID(),
      replicaId: REPLICA,
      botId: bot.id,
      clientId,
      openKfIds,
      address,
      agent,
      placedAtMs: earlier?.placedAtMs ?? this.connected.nextPlaceMs(bot.id, nowMs),
      connectedAtMs: Math.max(nowMs, earlier?.connectedAtMs ?? 0),
    };
    return {
      connection,
      corpId: bot.corpId,
      wantsCallbacks,
      isStillAllowed: () => {
        const known = this.bots.findByKey(keyHash, this.storeClock.nowMs());
        return known?.id === bot.id && takesCallbacks(known);
      },
    };
  }
}

function whyNoStream({ kind }: KnownBot): string {
  const what = kind === 'callback' ? 'takes messages in JSON at its URL' : `is of kind ${kind}`;
  return `the bot ${what}; a stream is for bots of kind stream, or of kind callback with form wecom`;
}
