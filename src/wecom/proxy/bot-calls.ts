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
import { listedIn, takesAllOthers } from '../../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import { accountOfMadeSyncToken, isMadeSyncToken, SyncTokens } from '../../registry/bots/sync-tokens.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { toTokenCaller } from '../tokens/token-caller.js';
import { isOfCursor, parseObject } from '../client/wecom-answer.js';
import type { CallerAnswer } from './caller-answer.js';
import type { ProxyBody } from './proxy-body.js';
import type { ProxyTarget } from './proxy-target.js';
import { MADE_CURSOR, type OwnPull, type QueuedAnswer, QueuedMessages } from './queued-messages.js';
import { type FollowedCall, SessionCalls } from '../calls/session-calls.js';
import { readAnswerFields, readSyncHead, SYNC_HEAD_BYTES } from './sync-answer.js';
import type { Asker } from '../calls/sync-turns.js';
import type { Addressee } from '../../kernel/account.js';

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
    private readonly destinations: Destinations,
    private readonly tokens: AccessTokens,
    private readonly syncTokens: SyncTokens,
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
    const { destinations, tokens, syncTokens, queued, storeClock, sessions } = this;
    const call = new BotCall(bot, target, destinations, tokens, syncTokens, queued, storeClock, sessions);
    // A Set, since a query can repeat one account a thousand times.
    const named = new Set(target.openKfIdsOfQuery);
    if (target.openKfId !== null) named.add(target.openKfId);
    for (const openKfId of named) call.requireOwn(openKfId);
    return call;
  }
}

/** One call of a bot. */
export class BotCall {
  /** The call as a pull; `null` before `toWecomBody`, and for any other call. */
  #pull: Omit<OwnPull, 'cursor' | 'isAll'> | null = null;
  /** The account of the pull; `''` when there is none. */
  #openKfId = '';
  /** The account that the call names. */
  #named: string | null = null;
  /** Whether the manager added the cursor of the pull. */
  #isGiven = false;

  constructor(
    private readonly bot: KnownBot,
    private readonly target: ProxyTarget,
    private readonly destinations: Destinations,
    private readonly tokens: AccessTokens,
    private readonly syncTokens: SyncTokens,
    private readonly queued: QueuedMessages,
    private readonly storeClock: StoreClock,
    private readonly sessions: SessionCalls,
  ) {}

  get corpId(): string {
    return this.bot.corpId;
  }

  /** The account that it names; `null` for none, and before its body is read. */
  get openKfId(): string | null {
    return this.#named ?? this.target.openKfId;
  }

  /** `null` when none is stored for the bot. */
  get corpSecret(): Secret | null {
    const secret = this.bot.secrets?.corpSecret ?? null;
    return secret === null || secret.reveal() === '' ? null : secret;
  }

  /** Identifies the app of the bot's own secret; `null` when no secret is stored for the bot. */
  get appId(): string | null {
    const { corpId, corpSecret } = this;
    return corpSecret === null ? null : secretIdOf(corpId, corpSecret);
  }

  /** The bot and the account that pull. The account is known after `toWecomBody`. */
  get asker(): Asker {
    return { botId: this.bot.id, openKfId: this.#openKfId };
  }

  /** @throws AppError `BOT_FORBIDDEN` */
  requireOwn(openKfId: string): void {
    const { bot } = this;
    if (listedIn(bot).includes(openKfId)) return;
    const { corpId } = bot;
    const to = takesAllOthers(bot) ? this.destinations.find({ corpId, openKfId }) : null;
    if (to === null || (to.bot?.id ?? to.puppet?.botId) !== bot.id)
      throw forbidden('open_kfid must be an account of the bot');
  }

  /**
   * Checks the access token of the call. The manager must have given it out for the corp, or WeCom must give the same token for
   * the bot's own secret: some programs always fetch their token from WeCom directly.
   * @param corpOfToken `null` when the manager did not give it out, `undefined` when that is not known.
   * @throws AppError `BOT_FORBIDDEN`, `STORE_UNAVAILABLE`, `WECOM_UNREACHABLE`
   */
  async admitToken(
    tokenId: string,
    corpOfToken: string | null | undefined,
    { ip, trace }: FastifyRequest,
  ): Promise<void> {
    const { corpSecret, corpId } = this;
    if (corpOfToken === corpId) return;
    if (typeof corpOfToken === 'string') throw forbidden('the access token is of another corp');
    if (corpSecret !== null) {
      const caller = toTokenCaller(null, ip, this.bot);
      const own = await this.tokens.getForCall({ corpId, corpSecret, caller, botId: this.bot.id, trace });
      if ('token' in own && own.token.id === tokenId) return;
    }
    // Another replica may have given it out, so the token may be valid.
    if (corpOfToken === undefined) throw new AppError('STORE_UNAVAILABLE');
    throw forbidden(
      corpSecret === null
        ? 'the manager did not give out the access token, and the bot has no corpSecret to check it with; get it from getToken'
        : "the manager did not give out the access token, and it is not that of the bot's corpSecret; get it from getToken",
    );
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
    return this.queued.answer(this.bot, openKfId, typeof cursor === 'string' ? cursor : '');
  }

  /**
   * The body for WeCom: as `admitBody` returns it. A pull that has no cursor gets the one at which the bot before ended. So does
   * a pull with a cursor that the manager made: the program has that one from when its bot took messages.
   * @param appId the app of the access token; `null` when unknown.
   * @throws AppError as `admitBody`; `STORE_UNAVAILABLE`
   */
  async toWecomBody(body: ProxyBody, appId: string | null): Promise<ProxyBody> {
    const admitted = this.admitBody(body);
    const whole = 'whole' in admitted ? admitted.whole : null;
    if (this.target.api.toLowerCase() !== SYNC || whole === null) return admitted;
    const { cursor: sent, ...others } = parseObject(whole.toString('utf8')) ?? {};
    const { open_kfid: openKfId } = others;
    const isMade = typeof sent === 'string' && sent.startsWith(MADE_CURSOR);
    const isOwn = !isMade && sent !== undefined && sent !== null && sent !== '';
    const isKnown = typeof openKfId === 'string' && appId !== null;
    const beganAtMs = this.storeClock.nowMs();
    const given = isOwn || !isKnown ? '' : await this.#findCursor(openKfId, appId, isMade);
    const from = isOwn ? sent : given;
    if (isKnown && typeof from === 'string') {
      this.#pull = { appId, takerId: this.bot.id, beganAtMs, from };
      this.#openKfId = openKfId;
      this.#isGiven = given !== '';
    }
    if (given !== '') return rewritten({ ...others, cursor: given });
    return isMade ? rewritten(others) : admitted;
  }

  /**
   * Notes how far the program has pulled, by the cursor in the answer, once the whole answer was sent. Call it after
   * `toWecomBody` and before the answer begins.
   * @param whenUnread calls its argument when the program cannot have read the answer.
   */
  watch(answer: CallerAnswer, whenUnread: (then: () => void) => void): void {
    const pull = this.#pull;
    if (pull === null) return;
    answer.whenSent(SYNC_HEAD_BYTES, (head, bytes) => {
      const read = readSyncHead(head, bytes);
      if (read === null) return;
      const pulled = { ...pull, ...read };
      this.queued.wasPulled(this.#account, pulled);
      whenUnread(() => this.queued.wasUnread(this.#account, pulled));
    });
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

  /** Forgets the cursor that the manager added when WeCom does not know it any more. */
  answered(errcode: number | null): void {
    if (this.#pull === null || !this.#isGiven || errcode === null || !isOfCursor(errcode)) return;
    this.queued.wasPulled(this.#account, { ...this.#pull, from: '', cursor: '', isAll: false });
  }

  get #account(): Addressee {
    return { corpId: this.corpId, openKfId: this.#openKfId };
  }

  /** @param isNeeded whether to fail when the store fails. Without a cursor, a pull still works as without the manager. */
  async #findCursor(openKfId: string, appId: string, isNeeded: boolean): Promise<string> {
    try {
      return await this.queued.findCursor({ corpId: this.corpId, openKfId }, appId);
    } catch (error) {
      if (isNeeded) throw error;
      return '';
    }
  }

  /**
   * Checks the body of a call. A pull without a sync token gets the account's newest valid one. A sync token that the manager
   * made is removed or replaced, since WeCom does not know it.
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
    if (token !== undefined && token !== null && token !== '' && !isMade) return body;
    const newest = openKfId === undefined ? null : this.syncTokens.find(this.bot.corpId, openKfId);
    if (newest === null && !isMade) return body;
    const fields = newest === null ? others : { ...others, token: newest };
    return rewritten(fields);
  }
}

function rewritten(fields: Readonly<Record<string, unknown>>): ProxyBody {
  return { whole: Buffer.from(textOf(fields)), isRewritten: true };
}

/** @throws AppError `REQUEST_BODY_NOT_JSON` when the fields are nested too deep to be written again. */
function textOf(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields);
  } catch {
    throw new AppError('REQUEST_BODY_NOT_JSON', { detail: 'it is nested too deep' });
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

function forbidden(detail: string): AppError {
  return new AppError('BOT_FORBIDDEN', { detail });
}
