import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { requesterOf } from '../../http/access/requester.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { toIso, toTime } from '../../http/answers/times.js';
import { newCause } from '../../insight/accounts/cause.js';
import type { Trouble } from '../../notifications/book.js';
import { BookKeeper } from '../../notifications/book-keeper.js';
import { type Receiver, Receivers } from '../../notifications/receivers.js';
import { TestMessages } from '../../notifications/test-messages.js';
import { toCauseAnswer } from '../answers/cause.dto.js';
import type {
  ReceiverAnswer,
  ReceiversAnswer,
  TestedReceiversAnswer,
  ToldTroubleAnswer,
} from './notification.dto.js';

/** Who is told what needs attention. */
@Controller('api/v1/notifications')
@ApiTags('operators')
export class NotificationsController {
  constructor(
    private readonly receivers: Receivers,
    private readonly books: BookKeeper,
    private readonly tests: TestMessages,
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
    const results = await this.tests.send(requesterOf(request));
    return { items: results.map((result) => ({ ...result, sent: result.fault === null })) };
  }

  async #toAnswer({ id, kind, host }: Receiver): Promise<ReceiverAnswer> {
    const { troubles, toldAtMs, lastFailure } = await this.books.read(id);
    return {
      id,
      kind,
      host,
      troubles: troubles.filter(({ state }) => state === 'told').length,
      toldAt: toTime(toldAtMs),
      told: troubles
        .filter(({ state, changedAtMs }) => state !== 'new' && changedAtMs === toldAtMs)
        .map(toToldTrouble),
      lastFailure: lastFailure && { at: toIso(lastFailure.atMs), reason: lastFailure.reason },
    };
  }
}

/** A cause that an earlier version noted lacks fields, and has the time as a text. */
function toToldTrouble({ cause, state, sinceMs }: Trouble): ToldTroubleAnswer {
  const whole = { ...newCause(cause.code, cause.count, { sinceMs }), ...cause };
  return { cause: toCauseAnswer(whole), isOver: state === 'over' };
}
