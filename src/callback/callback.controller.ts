import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone, AllowRoles } from '../http/access/allowed-callers.js';
import { type JsonBytes, TakesBody } from '../http/limits/bodies.js';
import { NotForBrowsers } from '../http/answers/browser-headers.js';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiTags,
  Errors,
} from '../http/answers/swagger.js';
import { callDirectly } from '../http/routes/direct-route.js';
import { withoutKeys } from '../http/request/redacted-url.js';
import { UnitOfWork } from '../http/log/request-log.js';
import { SUCCESS_ANSWER } from '../http/answers/success-answer.dto.js';
import { parseJsonBody } from '../http/answers/validation.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import type { ErrorCode } from '../kernel/error-table.js';
import { CORP_ID_FORMAT, ECHO_FORMAT } from '../kernel/wecom-format.js';
import { type CallbackReport, type CallbackForm, refusedFor } from './callback-report.js';
import {
  BASE64,
  CallbackQueryDto,
  DecryptedEventDto,
  type DeliveredAnswer,
  parseCallbackQuery,
  parseVerificationQuery,
  VerificationQueryDto,
} from './callback.dto.js';
import { CallbackService } from './callback.service.js';
import { UrlVerification } from './url-verification.js';
import { CallbackLog } from './callback-log.js';
import { CallbackMetrics } from './callback-metrics.js';
import { CallbackRecords } from './callback-records.js';
import { toSeconds } from './opening.js';

type CallbackRequest = FastifyRequest<{ Params: { corpId: string }; Querystring: Record<string, unknown> }>;

const CORP = {
  name: 'corpId',
  description: 'The corp whose callback URL it is.',
  schema: { type: 'string', pattern: CORP_ID_FORMAT.pattern.source },
  example: 'wx5823bf96d3bd56c7',
};

const ECHO = { type: 'string', pattern: ECHO_FORMAT.pattern.source };

/** The XML of a callback, which the scanner reads. */
const ENVELOPE = {
  type: 'object',
  xml: { name: 'xml' },
  required: ['Encrypt'],
  properties: {
    ToUserName: { type: 'string', description: 'The receiver.' },
    AgentID: { type: 'string' },
    Encrypt: {
      type: 'string',
      pattern: BASE64.source,
      description: 'The event: AES-256-CBC, in base64.',
    },
  },
};

/** Refusals of callbacks that are not signed correctly or cannot be opened. */
const OPENING: readonly ErrorCode[] = [
  'CALLBACK_CORP_UNKNOWN',
  'CALLBACK_KEYS_SKIPPED',
  'CALLBACK_SIGNATURE_MISMATCH',
  'CALLBACK_RECEIVE_ID_MISMATCH',
  'CALLBACK_TIMESTAMP_OFF',
  'CALLBACK_TOO_MANY_REFUSED',
  'CIPHER_NOT_BASE64',
  'CIPHER_LENGTH_INVALID',
  'CIPHER_PADDING_INVALID',
  'CIPHER_MESSAGE_LENGTH_INVALID',
  'CIPHER_NOT_UTF8',
  'REGISTRY_NOT_LOADED',
  'STORE_UNAVAILABLE',
];

const DISPATCHING: readonly ErrorCode[] = [
  'CALLBACK_ACCOUNT_OF_OTHER_CORP',
  'CALLBACK_EVENT_MALFORMED',
  'DISPATCH_NOT_TAKEN',
  'OUTBOX_FULL',
  'OVERLOADED',
];

/**
 * Translates between HTTP and the service, which decides about each callback. Handlers read the request themselves: a pipe
 * would read the query at half the speed, and would refuse a bad one before the refusal is counted.
 */
@Controller('callback')
export class CallbackController {
  constructor(
    private readonly service: CallbackService,
    private readonly verification: UrlVerification,
    private readonly metrics: CallbackMetrics,
    private readonly clock: Clock,
    private readonly records: CallbackRecords,
    adapterHost: HttpAdapterHost,
  ) {
    callDirectly(adapterHost, 'POST', '/callback/:corpId', (request, reply) =>
      this.receiveCallback(request as CallbackRequest, reply),
    );
  }

  /**
   * Verify the callback URL.
   * @remarks
   * WeCom sends this request when the callback URL is saved. It expects the opened `echostr` as the answer, without
   * quotes or line break. An echo has 1 to 64 letters and digits; any other text, such as that of a captured
   * callback, is 403. The corp needs keys, but no puppet has to be online. Deliveries are not affected.
   */
  @Get(':corpId')
  @AllowAnyone()
  @NotForBrowsers()
  @ApiTags('wecom')
  @ApiParam(CORP)
  @ApiQuery({ type: VerificationQueryDto })
  @ApiOkResponse({
    description: 'The opened text.',
    content: { 'text/plain': { schema: ECHO, example: '1616140317555161061' } },
  })
  @Errors(...OPENING, 'CALLBACK_ECHO_MALFORMED', 'CALLBACK_FROM_MANAGER')
  async verifyCallbackUrl(
    @Req() request: CallbackRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    reply.type('text/plain');
    const { echo } = await this.#answered(request, 'verification', (corpId) => {
      refuseOwnDelivery(request);
      const { msg_signature, timestamp, nonce, echostr } = parseVerificationQuery(request.query);
      return this.verification.verify(corpId, {
        msgSignature: msg_signature,
        timestamp,
        nonce,
        encrypted: echostr,
      });
    });
    return echo;
  }

  /**
   * Take a callback as WeCom sends it.
   * @remarks
   * 200 means that the account's puppet or bot took the event, that the event is kept on disk and will be delivered,
   * for 3 days, or that no bot gets it: events of other kinds, and events of accounts that people serve. The answer comes within
   * 3 s; after any other answer WeCom sends the callback again. Safe to repeat: the puppet sees the same
   * `webhook-id`. The body has at most `CALLBACK_BODY_MAX_BYTES` (128 kB) and any content type.
   */
  @Post(':corpId')
  @TakesBody('callback')
  @AllowAnyone()
  @NotForBrowsers()
  // WeCom documents 200 as success and does not mention 201, Nest's default.
  @HttpCode(200)
  @ApiTags('wecom', 'gateways')
  @ApiParam(CORP)
  @ApiQuery({ type: CallbackQueryDto })
  @ApiConsumes('text/xml', 'application/xml')
  @ApiBody({ schema: ENVELOPE })
  @ApiOkResponse({
    description: 'A bot took the event, it will be delivered, or no bot gets it.',
    content: { 'text/plain': { schema: { type: 'string', enum: ['success'] }, example: 'success' } },
  })
  @Errors(
    ...OPENING,
    ...DISPATCHING,
    'CALLBACK_ENVELOPE_MALFORMED',
    'CALLBACK_FROM_MANAGER',
    'CALLBACK_KEYS_UNPROVEN',
    'CALLBACK_KEYS_UNVERIFIED',
    'REQUEST_BODIES_TOO_MANY',
  )
  async receiveCallback(@Req() request: CallbackRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#answered(request, 'encrypted', (corpId) => {
      refuseOwnDelivery(request);
      const { msg_signature, timestamp, nonce } = parseCallbackQuery(request.query);
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
      const { trace } = request;
      return this.service.accept({ corpId, msgSignature: msg_signature, timestamp, nonce, body, trace });
    });
    reply.type('text/plain').send('success');
  }

  /**
   * Take an event that a gateway has opened.
   * @remarks
   * 200 promises the same as for a callback. `delivery` says whether the event was taken, is kept, or goes to no bot.
   * Safe to repeat. The body has at most 64 kB.
   */
  @Post('decrypted/:corpId')
  @TakesBody('json')
  @AllowRoles('gateway')
  @NotForBrowsers()
  @HttpCode(200)
  @ApiTags('gateways')
  @ApiParam(CORP)
  @ApiBody({ type: DecryptedEventDto })
  @ApiOkResponse({ description: 'A bot took the event, it will be delivered, or no bot gets it.' })
  @Errors(
    ...DISPATCHING,
    'CALLBACK_CORP_UNKNOWN',
    'CALLBACK_TOO_MANY_REFUSED',
    'REGISTRY_NOT_LOADED',
    'STORE_UNAVAILABLE',
  )
  async receiveDecryptedEvent(@Req() request: CallbackRequest): Promise<DeliveredAnswer> {
    const { outcome } = await this.#answered(request, 'decrypted', (corpId) => {
      const { openKfId, token, createTime } = parseJsonBody(
        DecryptedEventDto,
        request.body as JsonBytes | undefined,
      );
      const { trace } = request;
      const createdAtS = toSeconds(createTime);
      return this.service.acceptDecrypted({ corpId, openKfId, syncToken: token, createdAtS, trace });
    });
    return { ...SUCCESS_ANSWER, delivery: outcome as DeliveredAnswer['delivery'] };
  }

  /**
   * Makes everything that is said of a callback from what became of it: log line, span, metrics and record.
   * @throws what it was refused for.
   */
  async #answered(
    request: CallbackRequest,
    form: CallbackForm,
    accept: (corpId: string) => Promise<CallbackReport>,
  ): Promise<CallbackReport> {
    const { corpId } = request.params;
    const isCorpId = CORP_ID_FORMAT.pattern.test(corpId);
    const log = new CallbackLog(isCorpId ? withoutKeys(corpId) : undefined, form);
    const unit = new UnitOfWork('callback.answered', log);
    request.unit = unit;
    const startedMs = this.clock.elapsedMs();
    this.metrics.began(form);
    let accepted: CallbackReport;
    try {
      if (!isCorpId) {
        throw new AppError('REQUEST_INVALID', {
          detail: `corpId in the path must be ${CORP_ID_FORMAT.expected}`,
        });
      }
      accepted = await accept(corpId);
    } catch (error) {
      accepted = refusedFor(error);
    }
    const durationMs = this.clock.elapsedMs() - startedMs;
    const { openKfId, outcome, stage, error } = accepted;
    log.fill(accepted);
    this.metrics.ended(form, outcome, durationMs / 1_000, log.corpId);
    this.records.answered({ accepted, corpId: log.corpId ?? null, form, from: request.ip, durationMs });
    request.span?.set({
      'wxkf.corp_id': log.corpId,
      'wxkf.open_kf_id': openKfId,
      'wxkf.outcome': outcome,
      'wxkf.stage': stage,
    });
    unit.end();
    if (error !== null) throw error;
    return accepted;
  }
}

/**
 * Refuses a delivery of a manager. A bot may have this callback URL as its own by mistake: its deliveries would come
 * back as callbacks without end. WeCom never sends this header.
 */
function refuseOwnDelivery({ headers }: CallbackRequest): void {
  if (headers['x-wxkf-attempt'] !== undefined) throw new AppError('CALLBACK_FROM_MANAGER');
}
