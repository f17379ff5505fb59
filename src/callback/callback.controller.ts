import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone, AllowRoles } from '../http/allowed-callers.js';
import { TakesBody } from '../http/bodies.js';
import { NotForBrowsers } from '../http/browser-headers.js';
import { UnitOfWork } from '../http/request-log.js';
import { parseJsonBody } from '../http/validation.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { ERRORS } from '../kernel/error-table.js';
import type { SpanAttributes } from '../kernel/tracing.js';
import { CORP_ID_FORMAT } from '../kernel/wecom-format.js';
import { DecryptedEventDto, parseCallbackQuery, parseVerificationQuery } from './callback.dto.js';
import { CallbackService } from './callback.service.js';
import { CallbackLog } from './callback-log.js';
import { CallbackMetrics } from './callback-metrics.js';
import { toSeconds } from './event.js';

type CallbackRequest = FastifyRequest<{ Params: { corpId: string }; Querystring: Record<string, unknown> }>;

/** HTTP in, HTTP out; what becomes of a callback is decided by the service. */
@Controller('callback')
export class CallbackController {
  constructor(
    private readonly service: CallbackService,
    private readonly metrics: CallbackMetrics,
    private readonly clock: Clock,
  ) {}

  /** WeCom wants the opened text alone: no quotes, no newline. */
  @Get(':corpId')
  @AllowAnyone()
  @NotForBrowsers()
  async verify(
    @Req() request: CallbackRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    reply.type('text/plain');
    return this.#counted(request, 'verification', (corpId, log) => {
      const { msg_signature, timestamp, nonce, echostr } = parseVerificationQuery(request.query);
      return this.service.verify(
        corpId,
        { msgSignature: msg_signature, timestamp, nonce, encrypted: echostr },
        log,
      );
    });
  }

  /** WeCom takes 200 for an answer and nothing is said of 201, Nest's default. */
  @Post(':corpId')
  @TakesBody('callback')
  @AllowAnyone()
  @NotForBrowsers()
  @HttpCode(200)
  async receive(@Req() request: CallbackRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#counted(request, 'encrypted', (corpId, log) => {
      const { msg_signature, timestamp, nonce } = parseCallbackQuery(request.query);
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
      const { trace } = request;
      return this.service.accept({ corpId, msgSignature: msg_signature, timestamp, nonce, body, trace }, log);
    });
    reply.type('text/plain').send('success');
  }

  @Post('decrypted/:corpId')
  @TakesBody('json')
  @AllowRoles('gateway')
  @NotForBrowsers()
  @HttpCode(200)
  async receiveDecrypted(@Req() request: CallbackRequest) {
    const delivery = await this.#counted(request, 'decrypted', async (corpId, log) => {
      const { openKfId, token, createTime } = parseJsonBody(DecryptedEventDto, request);
      const { trace } = request;
      const createdAtS = toSeconds(createTime);
      await this.service.acceptDecrypted({ corpId, openKfId, syncToken: token, createdAtS, trace }, log);
      return log.outcome;
    });
    return { code: 0, message: 'success', delivery };
  }

  /** Gives the request its log line and counts how it ended. */
  async #counted<T>(
    request: CallbackRequest,
    form: CallbackLog['form'],
    work: (corpId: string, log: CallbackLog) => Promise<T>,
  ): Promise<T> {
    const { corpId } = request.params;
    const isCorpId = CORP_ID_FORMAT.pattern.test(corpId);
    const log = new CallbackLog(isCorpId ? corpId : undefined, form);
    const unit = new UnitOfWork('callback.answered', log);
    request.unit = unit;
    const startedMs = this.clock.elapsedMs();
    if (form !== 'verification') this.metrics.callbackBegan();
    try {
      if (!isCorpId) {
        throw new AppError('REQUEST_INVALID', {
          detail: `corpId in the path must be ${CORP_ID_FORMAT.expected}`,
        });
      }
      return await work(corpId, log);
    } catch (error) {
      log.outcome = outcomeOf(error);
      throw error;
    } finally {
      this.#count(log, startedMs);
      request.span?.set(toSpanAttributes(log));
      unit.end();
    }
  }

  #count({ form, outcome = 'failed', corpId }: CallbackLog, startedMs: number): void {
    if (form === 'verification') this.metrics.verificationEnded(outcome);
    else this.metrics.callbackEnded(form, outcome, (this.clock.elapsedMs() - startedMs) / 1_000, corpId);
  }
}

function toSpanAttributes({ corpId, openKfId, outcome, stage }: CallbackLog): SpanAttributes {
  return {
    'wxkf.corp_id': corpId,
    'wxkf.open_kf_id': openKfId,
    'wxkf.outcome': outcome,
    'wxkf.stage': stage,
  };
}

function outcomeOf(error: unknown): 'refused' | 'not_taken' | 'failed' {
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'DISPATCH_NOT_TAKEN') return 'not_taken';
  return ERRORS[error.code].status < 500 ? 'refused' : 'failed';
}
