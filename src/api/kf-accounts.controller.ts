import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TestDelivery } from '../dispatch/redelivery/test-delivery.js';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../http/answers/success-answer.dto.js';
import { Accounts } from '../registry/accounts/accounts.js';
import { AccountAnswers } from '../insight/accounts/account-answers.js';
import { AccountList } from '../insight/accounts/account-list.js';
import type {
  KfAccountAnswer,
  KfAccountPageAnswer,
  TestedAnswer,
} from '../insight/accounts/kf-account.dto.js';
import { toDuration } from '../http/answers/times.js';
import { askedBy } from '../http/access/asked-by.js';
import { toFailureReason } from '../insight/answers/hint-answer.js';
import { AccountPathDto, KfAccountsQueryDto, listOf } from './kf-accounts.dto.js';
import { limitOf, readCursor, toCursor } from '../http/answers/page-query.dto.js';

/** Registered accounts, for operators. */
@Controller('api/v1/kf-accounts')
@ApiTags('operators')
export class KfAccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly pages: AccountList,
    private readonly answers: AccountAnswers,
    private readonly tests: TestDelivery,
  ) {}

  /**
   * List accounts.
   * @remarks With their hints and latest deliveries, and without secrets.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of accounts.' })
  @Errors('STORE_UNAVAILABLE')
  async listAccounts(@Query() query: KfAccountsQueryDto): Promise<KfAccountPageAnswer> {
    const { corpId = null, state = null, q = '' } = query;
    const filter = { corpId, state, text: q === '' ? null : q };
    const list = listOf(query);
    const page = await this.pages.page(filter, readCursor(list, query), limitOf(query), query.sort);
    return { ...page, nextCursor: toCursor(list, page.nextCursor) };
  }

  /**
   * Show one account.
   * @remarks The same object as in the list.
   */
  @Get(':openKfId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The account.' })
  @Errors('REGISTRY_PUPPET_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async getAccount(@Param() { openKfId }: AccountPathDto): Promise<KfAccountAnswer> {
    const puppet = await this.accounts.get(openKfId);
    return this.answers.of(puppet, await this.pages.findHint(puppet));
  }

  /**
   * Forget the registration of an account.
   * @remarks
   * Any corp can register the account then. Its hint stays until a puppet of its corp registers. A repetition is 404.
   */
  @Delete(':openKfId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is forgotten.' })
  @Errors('REGISTRY_PUPPET_NOT_FOUND', 'STORE_UNAVAILABLE')
  async forgetAccount(
    @Param() { openKfId }: AccountPathDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.accounts.forget(openKfId, askedBy(request));
    return SUCCESS_ANSWER;
  }

  /**
   * Test an account.
   * @remarks
   * Sends an event without a sync token to its puppet, or to the bot that lists it, which then pulls what is new. This does no
   * harm. A corp has at most three tests a minute. If the bot takes messages, the manager pulls instead. A paused bot is
   * sent nothing. The answer is 200 even if the event was not taken, and says so.
   */
  @Post(':openKfId/test')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The result of the test.' })
  @Errors('REGISTRY_PUPPET_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'RESYNC_LIMITED', 'STORE_UNAVAILABLE')
  async testAccount(
    @Param() { openKfId }: AccountPathDto,
    @Req() request: FastifyRequest,
  ): Promise<TestedAnswer> {
    const { failure, isPulled, durationMs, answer } = await this.tests.send(openKfId, askedBy(request));
    return {
      taken: failure === null,
      pulled: isPulled,
      status: answer?.status ?? null,
      durationMs: toDuration(durationMs),
      body: answer?.body ?? null,
      failure: failure && toFailureReason(failure),
    };
  }
}
