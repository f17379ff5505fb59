/**
 * Calls WeCom's API for callers, from the one address that WeCom admits. Bytes pass unchanged. Only APIs under /cgi-bin/ can be
 * called, and WeCom's limits are kept. A call is never repeated, with one exception: WeCom refused an access token that the
 * manager had added.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { UnitOfWork } from '../../http/log/request-log.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { ID_FORMAT } from '../../kernel/wecom-format.js';
import { isReply } from '../outcomes/call-outcomes.js';
import { TokenAnswers } from '../tokens/token-answers.js';
import {
  ERRCODE,
  parseObject,
  tooFrequent,
  unlistedAddressOf,
  type WecomAnswer,
} from '../client/wecom-answer.js';
import { type CallResult, WecomMetrics } from '../outcomes/wecom-metrics.js';
import { AnswerLost, spendsCode } from '../client/own-calls.js';
import { wecomConfig } from '../client/wecom.config.js';
import { CallCredentials } from './call-credentials.js';
import { type CountedCall, CallLimits } from '../calls/call-limits.js';
import { CallLog, toEndedCall } from './call-log.js';
import { CallPlaces } from './call-places.js';
import { CallerAnswer } from './caller-answer.js';
import { CallerGone, takeBody } from './proxy-body.js';
import { AnswerBroken } from './proxy-exchange.js';
import { PullTokens } from './pull-tokens.js';
import { type ProxyTarget, parseTarget } from './proxy-target.js';
import { ProxyUpstream } from './proxy-upstream.js';
import type { QueuedAnswer } from './queued-messages.js';
import { readSyncEntries, SYNC_ENTRIES_BYTES } from './sync-answer.js';
import { UnreadAnswers } from './unread-answers.js';

const SYNC = 'kf/sync_msg';

@Injectable()
export class ApiProxy {
  readonly #unread: UnreadAnswers;
  readonly #places: CallPlaces;

  constructor(
    @Inject(wecomConfig.KEY) private readonly config: ConfigType<typeof wecomConfig>,
    private readonly credentials: CallCredentials,
    private readonly tokenAnswers: TokenAnswers,
    private readonly limits: CallLimits,
    private readonly pullTokens: PullTokens,
    private readonly upstream: ProxyUpstream,
    private readonly metrics: WecomMetrics,
    private readonly clock: Clock,
  ) {
    this.#unread = new UnreadAnswers(clock);
    this.#places = new CallPlaces(clock);
  }

  /** Answers the request. @throws Error that the caller is to be answered. */
  async forward(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const log = new CallLog(request.method);
    const unit = new UnitOfWork('proxy.answered', log);
    request.unit = unit;
    const startedMs = this.clock.elapsedMs();
    let status: number | null = null;
    try {
      const target = parseTarget(request.raw.url ?? '');
      log.api = target.api;
      log.bot = request.bot?.id;
      // Answered here: if it were proxied, every caller would ask WeCom for a token.
      if (target.api.toLowerCase() === 'gettoken') await this.tokenAnswers.answer(request, reply);
      else status = await this.#call(target, request, reply, log);
    } catch (error) {
      log.result = resultOf(error);
      if (!isOver(error)) throw error;
      reply.hijack();
    } finally {
      const { api, corpId, result, errcode } = log;
      const seconds = (this.clock.elapsedMs() - startedMs) / 1_000;
      if (result !== undefined) this.metrics.callEnded(result, seconds);
      const ended = toEndedCall(log, status, seconds);
      if (ended !== null) this.metrics.noteOutcome(ended);
      request.span?.set({
        'wxkf.api': api,
        'wxkf.corp_id': corpId,
        'wxkf.result': result,
        'wxkf.errcode': errcode,
      });
      unit.end();
    }
  }

  /** @returns the status of WeCom's answer; `null` where WeCom was not asked. */
  async #call(
    target: ProxyTarget,
    request: FastifyRequest,
    reply: FastifyReply,
    log: CallLog,
  ): Promise<number | null> {
    if (isReply(target.api)) noteReply(request, log);
    const credential = await this.credentials.find(target, request);
    log.corpId = credential.corpId ?? undefined;
    log.token = credential.kind;
    if ('refused' in credential) {
      const { refusal, retryAfterS } = credential.refused;
      log.result = 'refused';
      log.unlistedAddress = unlistedAddressOf(refusal);
      this.metrics.answeredHere('call', refusal.errcode);
      answerWith(reply, log, refusal, refusal.errcode === ERRCODE.tooFrequent ? retryAfterS : null);
      return null;
    }
    const sent = takeBody(request, this.config.proxyBodyBytesMax, this.clock);
    const leaves: (() => void)[] = [];
    try {
      const queued = (await credential.bot?.answerHere(sent)) ?? null;
      if (queued !== null) {
        this.#answerQueued(request, reply, log, queued);
        return null;
      }
      const body = (await credential.bot?.toWecomBody(sent, credential.appId)) ?? sent;
      log.openKfId ??= credential.bot?.openKfId ?? undefined;
      const caller = { corpId: credential.corpId, botId: request.bot?.id ?? null };
      leaves.push(this.#places.enter(caller));
      if ('stream' in body) await body.begun;
      const answer = new CallerAnswer(reply);
      // The call is counted after the wait, since a caller that hangs up during it has not called WeCom.
      leaves.push(await this.#places.take(caller, answer, spendsCode(target.api)));
      const isSync = target.api.toLowerCase() === SYNC;
      const tokenless = isSync ? this.pullTokens.judge(credential.corpId, body, credential.bot) : null;
      if (tokenless?.hasToken === true) log.syncToken = 'unknown';
      else if (credential.bot?.isTokenReplaced === true) log.syncToken = 'replaced';
      const counted = { corpId: credential.corpId, api: target.api, tokenlessSync: tokenless?.as ?? null };
      const waitS = await this.limits.take(counted);
      if (waitS !== null) {
        log.result = 'limited';
        this.metrics.answeredHere('call', ERRCODE.tooFrequent);
        answerWith(reply, log, tooFrequent(whatIsOver(counted)), waitS);
        return null;
      }
      if (isSync) this.#readEntries(answer, credential.corpId, log.openKfId ?? null);
      credential.bot?.pull.watch(answer, (then) => this.#unread.watch(request.raw.socket, then));
      const followed = (await credential.bot?.follow(body, answer, reply)) ?? null;
      const whenRead = followed?.answered ?? null;
      const end = await this.upstream
        .call(target.api, credential, body, request, answer, log, whenRead)
        .catch((error: unknown) => {
          if (!answer.hasBegun && !isSent(error)) followed?.notSent();
          throw error;
        });
      credential.bot?.pull.answered(end.errcode);
      if (end.kind !== 'passed') return null;
      if (end.status === 200) this.limits.noteKnown(target.api);
      return end.status;
    } finally {
      for (const leave of leaves) leave();
      if ('stream' in sent) sent.stream.destroy();
    }
  }

  /** Once the caller has all of it. What a longer answer tells is not looked at. */
  #readEntries(answer: CallerAnswer, corpId: string | null, openKfId: string | null): void {
    answer.whenSent(SYNC_ENTRIES_BYTES, (head, bytes) => {
      const entries = readSyncEntries(head, bytes);
      if (entries !== null) this.metrics.noteEntries(corpId, openKfId, entries, true);
    });
  }

  /** The answer counts as sent when all of it was written, and as unread when the connection is reset just after. */
  #answerQueued(
    { raw: { socket } }: FastifyRequest,
    reply: FastifyReply,
    log: CallLog,
    { body, wasSent, wasUnread }: QueuedAnswer,
  ): void {
    log.result = 'answered';
    log.errcode = 0;
    reply.raw.once('finish', () => {
      void wasSent();
      this.#unread.watch(socket, () => void wasUnread());
    });
    reply.send(body);
  }
}

function whatIsOver({ api, tokenlessSync }: CountedCall): string {
  const without = " without one of the account's sync tokens of the last ten minutes";
  return `more calls of ${api}${tokenlessSync === null ? '' : without} than WeCom allows`;
}

/** Whom a reply is for. Only replies are parsed for it: that takes 3 µs for 170 bytes, 5 µs for the longest text of 2 kB. */
function noteReply({ body }: FastifyRequest, log: CallLog): void {
  const fields = body instanceof Buffer ? parseObject(body.toString('utf8')) : null;
  const { open_kfid: named, touser } = fields ?? {};
  log.replies(
    typeof named === 'string' && ID_FORMAT.pattern.test(named) ? named : undefined,
    typeof touser === 'string' && touser !== '' ? touser : undefined,
  );
}

function answerWith(
  reply: FastifyReply,
  log: CallLog,
  answer: WecomAnswer,
  retryAfterS: number | null,
): void {
  log.errcode = answer.errcode;
  if (retryAfterS !== null) reply.header('retry-after', retryAfterS);
  reply.send({ errcode: answer.errcode, errmsg: answer.errmsg });
}

/** Whether no answer can be sent: the caller is gone, or its connection was cut. */
function isOver(error: unknown): boolean {
  return error instanceof CallerGone || error instanceof AnswerBroken;
}

/** Whether WeCom may have carried out the call that was not answered. */
function isSent(error: unknown): boolean {
  return error instanceof CallerGone ? error.isSent : error instanceof AnswerLost;
}

function resultOf(error: unknown): CallResult {
  if (error instanceof CallerGone) return 'aborted';
  if (error instanceof AnswerBroken) return 'broken';
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'WECOM_UNREACHABLE') return 'unreachable';
  return error.code === 'INTERNAL' ? 'failed' : 'refused';
}
