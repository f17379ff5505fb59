/**
 * The key of a bot opens WeCom's APIs for customer service and media, for the bot's own corp and accounts. An access token is
 * valid for the whole app. So this check prevents mistakes and calls for other bots' accounts, but it does not limit what a
 * holder of the token can do (docs/security.md).
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallingBot } from '../../http/access/bot-keys.js';
import { AppError } from '../../kernel/app-error.js';
import type { Secret } from '../../kernel/secret.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { listedIn } from '../../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import { accountOfMadeSyncToken, isMadeSyncToken } from '../../registry/bots/sync-tokens.js';
import { parseObject } from '../client/wecom-answer.js';
import { BotAccess, corpSecretOf, forbidden } from './bot-access.js';
import { BotPull } from './bot-pull.js';
import type { CallerAnswer } from './caller-answer.js';
import { type ProxyBody, rewritten } from './proxy-body.js';
import type { ProxyTarget } from './proxy-target.js';
import { type QueuedAnswer, QueuedMessages } from './queued-messages.js';
import { type FollowedCall, SessionCalls } from '../calls/session-calls.js';
import { readAnswerFields } from './sync-answer.js';
import type { Asker } from '../calls/sync-turns.js';

const OPENED = /^(kf|media)\//i;
const SYNC = 'kf/sync_msg';
/** Answers about a session have some 100 bytes. */
const FOLLOWED_BYTES = 4_096;
/** Names in a body that decide whether a call is allowed. */
const JUDGED = new Set(['open_kfid', 'token']);
/** Every string of a JSON text; a name with the colon behind it. */
const STRINGS = /"(?:[^"\\]|\\.)*"\s*:?/g;

@Injectable()
export class BotCalls {
  constructor(
    private readonly bots: KnownBots,
    private readonly access: BotAccess,
    private readonly queued: QueuedMessages,
    private readonly storeClock: StoreClock,
    private readonly sessions: SessionCalls,
  ) {}

  /** @returns `null` for a caller that is no bot. @throws AppError `BOT_FORBIDDEN` */
  admit(calling: CallingBot | null, target: ProxyTarget): BotCall | null {
    if (calling === null) return null;
    const bot = this.bots.find(calling.id);
    // The bot was deleted after its key was checked.
    if (bot === null) throw forbidden('the bot was deleted');
    if (!OPENED.test(target.api)) throw forbidden(`${target.api} is neither a kf nor a media API`);
    if (target.corpId !== null && target.corpId !== bot.corpId)
      throw forbidden('corpid must be the corp of the bot');
    const pull = new BotPull(bot, this.queued, this.storeClock);
    const call = new BotCall(bot, target, this.access, pull, this.sessions);
    // A Set, since a query can repeat one account a thousand times.
    const named = new Set(target.openKfIdsOfQuery);
    if (target.openKfId !== null) named.add(target.openKfId);
    for (const openKfId of named) call.requireOwn(openKfId);
    return call;
  }
}

/** One call of a bot. */
export class BotCall {
  /** The account that the call names. */
  #named: string | null = null;
  #isTokenReplaced = false;

  constructor(
    private readonly bot: KnownBot,
    private readonly target: ProxyTarget,
    private readonly access: BotAccess,
    /** What the call pulls; it says nothing of any other call. */
    readonly pull: BotPull,
    private readonly sessions: SessionCalls,
  ) {}

  get corpId(): string {
    return this.bot.corpId;
  }

  /** The account that it names; `null` for none, and before its body is read. */
  get openKfId(): string | null {
    return this.#named ?? this.target.openKfId;
  }

  /** The account that it names; all that the bot lists where it names none. */
  get openKfIds(): readonly string[] {
    return this.openKfId === null ? listedIn(this.bot) : [this.openKfId];
  }

  /** Whether its sync token, which is not known to be good, was replaced by one that is. */
  get isTokenReplaced(): boolean {
    return this.#isTokenReplaced;
  }

  /** `null` when none is stored for the bot. */
  get corpSecret(): Secret | null {
    return corpSecretOf(this.bot);
  }

  /** Identifies the app of the bot's own secret; `null` when no secret is stored for the bot. */
  get appId(): string | null {
    const { corpId, corpSecret } = this;
    return corpSecret === null ? null : secretIdOf(corpId, corpSecret);
  }

  /** The bot and the account that pull. The account is known after `toWecomBody`. */
  get asker(): Asker {
    return { botId: this.bot.id, openKfId: this.pull.openKfId };
  }

  /** @throws AppError `BOT_FORBIDDEN` */
  requireOwn(openKfId: string): void {
    this.access.requireOwn(this.bot, openKfId);
  }

  /** As `BotAccess.requireToken`. */
  requireToken(
    tokenId: string,
    corpOfToken: string | null | undefined,
    request: FastifyRequest,
  ): Promise<void> {
    return this.access.requireToken(this.bot, tokenId, corpOfToken, request);
  }

  /**
   * Answers the pull of a bot that takes messages, without WeCom.
   * @returns `null` for any other call.
   * @throws AppError as `admitBody`; `STORE_UNAVAILABLE`
   */
  async answerHere(body: ProxyBody): Promise<QueuedAnswer | null> {
    if (this.bot.takes !== 'message' || this.target.api.toLowerCase() !== SYNC) return null;
    this.admitBody(body);
    const whole = 'whole' in body ? body.whole : null;
    const { open_kfid: named, token, cursor } = parseObject(whole?.toString('utf8') ?? '') ?? {};
    // Some programs keep one cursor for all accounts, and their pulls name no account.
    const openKfId = typeof named === 'string' ? named : accountOfMadeSyncToken(token);
    if (openKfId !== null) this.requireOwn(openKfId);
    return this.pull.answer(openKfId, typeof cursor === 'string' ? cursor : '');
  }

  /**
   * The body for WeCom: as `admitBody` returns it, of a pull with the cursor of `BotPull`.
   * @param appId the app of the access token; `null` when unknown.
   * @throws AppError as `admitBody`; `STORE_UNAVAILABLE`
   */
  async toWecomBody(body: ProxyBody, appId: string | null): Promise<ProxyBody> {
    const admitted = this.admitBody(body);
    const whole = 'whole' in admitted ? admitted.whole : null;
    return this.target.api.toLowerCase() !== SYNC || whole === null
      ? admitted
      : this.pull.begin(admitted, whole, appId);
  }

  /**
   * Has the call noted by the session of its customer. Call it just before WeCom is called.
   * @returns what to tell how it ended; `null` where nobody needs it.
   */
  async follow(
    body: ProxyBody,
    answer: CallerAnswer,
    reply: Pick<FastifyReply, 'header'>,
  ): Promise<Pick<FollowedCall, 'answered' | 'notSent'> | null> {
    if (!('whole' in body) || body.whole === null) return null;
    const fields = parseObject(body.whole.toString('utf8')) ?? {};
    const followed = await this.sessions.begin(this.bot, this.target.api.toLowerCase(), fields);
    if (followed === null) return null;
    answer.whenSent(FOLLOWED_BYTES, (head, bytes) => {
      const read = readAnswerFields(head, bytes);
      if (read !== null) followed.read(read);
    });
    return {
      answered: (errcode) => {
        const left = followed.answered(errcode);
        if (left !== null && !answer.hasBegun) reply.header('x-wxkf-sends-left', left);
        return left;
      },
      notSent: () => followed.notSent(),
    };
  }

  /**
   * Checks the body of a call. A pull without a sync token, or with one that is not known to be good, gets the account's newest
   * valid one. A sync token that the manager made is removed where there is none, since WeCom does not know it.
   * @throws AppError `BOT_FORBIDDEN`, `REQUEST_BODY_NOT_JSON`, `REQUEST_BODY_TOO_LARGE`
   */
  admitBody(body: ProxyBody): ProxyBody {
    if (!/^kf\//i.test(this.target.api)) return body;
    if ('stream' in body) throw new AppError('REQUEST_BODY_TOO_LARGE');
    if (body.whole === null) return body;
    const text = body.whole.toString('utf8');
    const fields = parseObject(text);
    if (fields === null || isAmbiguous(text)) throw new AppError('REQUEST_BODY_NOT_JSON');
    const { open_kfid: openKfId } = fields;
    if (openKfId !== undefined && typeof openKfId !== 'string')
      throw forbidden('open_kfid must be an account of the bot');
    if (openKfId !== undefined) {
      this.requireOwn(openKfId);
      this.#named = openKfId;
    }
    return this.target.api.toLowerCase() === SYNC ? this.#withSyncToken(body, fields, openKfId) : body;
  }

  /** @param openKfId `undefined` when the pull names no account. It then gets no token. */
  #withSyncToken(
    body: ProxyBody,
    { token, ...others }: Readonly<Record<string, unknown>>,
    openKfId: string | undefined,
  ): ProxyBody {
    const isMade = isMadeSyncToken(token);
    const isOwn = typeof token === 'string' && token !== '' && !isMade;
    if (isOwn && openKfId !== undefined && this.access.isGoodSyncToken(this.bot, openKfId, token))
      return body;
    const newest = openKfId === undefined ? null : this.access.findSyncToken(this.bot, openKfId);
    if (newest === null && !isMade) return body;
    this.#isTokenReplaced = isOwn;
    const fields = newest === null ? others : { ...others, token: newest };
    return rewritten(fields);
  }
}

/** Whether WeCom could read the text differently: it may take the first of two equal names, and a name in any case. */
function isAmbiguous(text: string): boolean {
  const names = (text.match(STRINGS) ?? []).filter((one) => one.endsWith(':')).map(nameOf);
  const judged = names.filter((name) => JUDGED.has(name.toLowerCase()));
  return judged.length > new Set(judged).size || judged.some((name) => !JUDGED.has(name));
}

/** @param match of `STRINGS`, with its colon. A regular expression would take seconds for a name of blanks. */
function nameOf(match: string): string {
  return String(JSON.parse(match.slice(0, match.lastIndexOf('"') + 1)));
}
