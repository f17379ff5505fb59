import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequestFields, UnitOfWork } from '../../http/log/request-log.js';
import { AppError } from '../../kernel/app-error.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { ERRCODE, unlistedAddressOf, type WecomAnswer } from '../client/wecom-answer.js';
import { type TokenResult, WecomMetrics } from '../outcomes/wecom-metrics.js';
import { Corps } from '../../registry/accounts/corps.js';
import { AccessTokens } from './access-tokens.js';
import { missingOf, parseGetToken } from './get-token.dto.js';
import type { TokenOutcome } from './token-request.js';
import { secondsLeft } from './token-record.js';

class TokenLog extends RequestFields {
  corpId: string | undefined = undefined;
  /** The id of the bot whose key was sent. */
  bot: string | undefined = undefined;
  result: TokenResult | undefined = undefined;
  errcode: number | undefined = undefined;
  expiresInS: number | undefined = undefined;

  override get isNews(): boolean {
    return this.errcode !== undefined;
  }
}

/** Answers `getToken`, and `gettoken` through the proxy, in WeCom's form. */
@Injectable()
export class TokenAnswers {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly corps: Corps,
    private readonly storeClock: StoreClock,
    private readonly metrics: WecomMetrics,
  ) {}

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const log = new TokenLog();
    const unit = new UnitOfWork('token.answered', log);
    request.unit = unit;
    try {
      log.bot = request.bot?.id;
      const query = request.query as Readonly<Record<string, unknown>>;
      reply.header('cache-control', 'no-store');
      const missing = missingOf(query);
      if (missing !== null) {
        log.result = 'invalid';
        this.metrics.answeredHere('gettoken', missing.errcode);
        this.#refuse(reply, log, missing);
        return;
      }
      const { corpId, corpSecret } = parseGetToken(query);
      log.corpId = corpId;
      if (request.bot !== null && request.bot.corpId !== corpId)
        throw new AppError('BOT_FORBIDDEN', { detail: 'corpid must be the corp of the bot' });
      const isProven = this.corps.isAccepted(corpId, corpSecret);
      const { trace } = request;
      this.#give(
        reply,
        log,
        await this.tokens.get({
          corpId,
          corpSecret,
          caller: request,
          botId: request.bot?.id ?? null,
          isProven,
          trace,
        }),
      );
    } catch (error) {
      log.result = resultOf(error);
      throw error;
    } finally {
      const { corpId, result, errcode } = log;
      if (result !== undefined) this.metrics.tokenAnswered(result);
      request.span?.set({ 'wxkf.corp_id': corpId, 'wxkf.result': result, 'wxkf.errcode': errcode });
      unit.end();
    }
  }

  #give(reply: FastifyReply, log: TokenLog, outcome: TokenOutcome): void {
    if ('refusal' in outcome) {
      log.result = 'refused';
      const { errcode } = outcome.refusal;
      if (outcome.source !== 'upstream') {
        this.metrics.answeredHere('gettoken', errcode);
        this.metrics.tokenAsked({
          corpId: log.corpId ?? null,
          botId: log.bot ?? null,
          errcode,
          fault: null,
          unlistedAddress: unlistedAddressOf(outcome.refusal),
        });
      }
      if (outcome.refusal.errcode === ERRCODE.tooFrequent) reply.header('retry-after', outcome.retryAfterS);
      this.#refuse(reply, log, outcome.refusal);
      return;
    }
    const { token, source } = outcome;
    log.result = source;
    log.expiresInS = secondsLeft(token, this.storeClock.nowMs());
    reply.send({
      errcode: 0,
      errmsg: 'ok',
      access_token: token.value.reveal(),
      expires_in: log.expiresInS,
    });
  }

  #refuse(reply: FastifyReply, log: TokenLog, { errcode, errmsg }: WecomAnswer): void {
    log.errcode = errcode;
    reply.send({ errcode, errmsg });
  }
}

function resultOf(error: unknown): TokenResult {
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'REQUEST_INVALID' || error.code === 'BOT_FORBIDDEN') return 'invalid';
  return error.code === 'WECOM_UNREACHABLE' ? 'unreachable' : 'failed';
}
