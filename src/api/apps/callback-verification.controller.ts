import { Controller, Get, Query } from '@nestjs/common';
import { CallbackOpener } from '../../callback/callback-opener.js';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import {
  type CallbackVerificationAnswer,
  CallbackVerificationQueryDto,
} from './callback-verification.dto.js';

/** Lets an operator's program try the public callback URL without the corp's keys. */
@Controller('api/v1/callback-verification')
@ApiTags('operators')
export class CallbackVerificationController {
  constructor(private readonly opener: CallbackOpener) {}

  /**
   * Make a verification of a callback URL.
   * @remarks
   * Makes the request that WeCom sends when the URL is saved, signed with the corp's keys. Send it to the callback URL, and
   * compare the answer with `echo`. `wxkf-manager check` does so. Changes nothing.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The query to send, and the expected answer.' })
  @Errors('CALLBACK_CORP_UNKNOWN', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async makeCallbackVerification(
    @Query() { corpId }: CallbackVerificationQueryDto,
  ): Promise<CallbackVerificationAnswer> {
    return { corpId, ...(await this.opener.makeVerification(corpId)) };
  }
}
