import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { askedBy } from '../http/access/asked-by.js';
import { toIso } from '../http/answers/times.js';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { AppError } from '../kernel/app-error.js';
import { LOG, type Log } from '../kernel/log.js';
import type { AskedBy } from '../kernel/role.js';
import { BookKeeper } from './book-keeper.js';
import { toTestBody } from './message.js';
import { NotificationClient } from './notification-client.js';
import type {
  ReceiverAnswer,
  ReceiversAnswer,
  TestedReceiverAnswer,
  TestedReceiversAnswer,
} from './notification.dto.js';
import { notificationsConfig } from './notifications.config.js';
import { type Receiver, Receivers } from './receivers.js';

/** Who is told what needs attention. */
@Controller('api/v1/notifications')
@ApiTags('operators')
export class NotificationsController {
  constructor(
    private readonly receivers: Receivers,
    private readonly books: BookKeeper,
    private readonly client: NotificationClient,
    @Inject(notificationsConfig.KEY) private readonly config: ConfigType<typeof notificationsConfig>,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * List who is told.
   * @remarks The receivers of NOTIFY_URL, with what they were told by any replica.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The receivers.' })
  @Errors('STORE_UNAVAILABLE')
  async listReceivers(): Promise<ReceiversAnswer> {
    return { items: await Promise.all(this.receivers.all.map((receiver) => this.#toAnswer(receiver))) };
  }

  /**
   * Send a test message.
   * @remarks
   * To every receiver of NOTIFY_URL, within 10 s. The answer is 200 even if a receiver does not take the message, and says why.
   * The message is sent in quiet hours, too.
   */
  @Post('test')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The result for each receiver.' })
  @Errors('NOTIFY_URL_UNSET')
  async testReceivers(@Req() request: FastifyRequest): Promise<TestedReceiversAnswer> {
    const { all } = this.receivers;
    if (all.length === 0) throw new AppError('NOTIFY_URL_UNSET');
    return { items: await Promise.all(all.map((receiver) => this.#test(receiver, askedBy(request)))) };
  }

  async #toAnswer({ id, kind, host }: Receiver): Promise<ReceiverAnswer> {
    const { troubles, toldAtMs, lastFailure } = await this.books.read(id);
    return {
      ...{ id, kind, host },
      troubles: troubles.filter(({ state }) => state === 'told').length,
      toldAt: toldAtMs === null ? null : toIso(toldAtMs),
      told: troubles
        .filter(({ state, changedAtMs }) => state !== 'new' && changedAtMs === toldAtMs)
        .map(({ cause, state }) => ({ cause, isOver: state === 'over' })),
      lastFailure: lastFailure && { at: toIso(lastFailure.atMs), reason: lastFailure.reason },
    };
  }

  async #test(receiver: Receiver, by: AskedBy): Promise<TestedReceiverAnswer> {
    const { id, kind } = receiver;
    const body = toTestBody(kind === 'robot' ? 'zh' : 'en', this.config.consoleUrl);
    const outcome = await this.client.send(receiver, body);
    this.log.info({ receiver: id, kind, reason: outcome.fault, ...by }, 'notification.tested');
    return { kind, sent: outcome.fault === null, ...outcome };
  }
}
