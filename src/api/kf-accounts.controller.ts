import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TestDelivery } from '../dispatch/redelivery/test-delivery.js';
import { AllowRoles } from '../http/allowed-callers.js';
import { Query } from '../http/validation.js';
import { IsOptional, IsString, MaxLength } from '../kernel/class-validator.js';
import { Accounts } from '../registry/accounts.js';
import { AccountAnswers, type AccountState } from './account-answers.js';
import { AccountList } from './account-list.js';
import { ACCOUNT_STATES, type KfAccountAnswer, type TestedAnswer } from './answers/kf-account.js';
import type { Page, SuccessAnswer } from './answers/page.js';
import { toDuration } from './api-time.js';
import { askedBy } from './asked-by.js';
import {
  IsCursorOf,
  IsId,
  IsOneOf,
  limitOf,
  mustBe,
  PageQueryDto,
  readCursor,
  toCursor,
} from './page-query.js';
import { SUCCESS_ANSWER } from './success-answer.js';

const LIST = 'kf-accounts';
const TEXT_LENGTH_MAX = 128;
const A_TEXT = `a text of at most ${TEXT_LENGTH_MAX} characters, given once`;

export class KfAccountsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  @IsOptional()
  @IsOneOf(ACCOUNT_STATES)
  readonly state?: AccountState;

  /** Searched for in openKfId, name, corpId and endpoint, in whatever case. */
  @IsOptional()
  @IsString(mustBe(A_TEXT))
  @MaxLength(TEXT_LENGTH_MAX, mustBe(A_TEXT))
  readonly q?: string;

  @IsOptional()
  @IsCursorOf(LIST)
  readonly cursor?: string;
}

/** What operators see of registrations, and do with them. */
@Controller('api/v1/kf-accounts')
export class KfAccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly pages: AccountList,
    private readonly answers: AccountAnswers,
    private readonly tests: TestDelivery,
  ) {}

  @Get()
  @AllowRoles('operator')
  async list(@Query(KfAccountsQueryDto) query: KfAccountsQueryDto): Promise<Page<KfAccountAnswer>> {
    const { corpId = null, state = null, q = '' } = query;
    const filter = { corpId, state, text: q === '' ? null : q };
    const page = await this.pages.page(filter, readCursor(LIST, query), limitOf(query));
    return { ...page, nextCursor: toCursor(LIST, page.nextCursor) };
  }

  @Get(':openKfId')
  @AllowRoles('operator')
  async get(@Param('openKfId') openKfId: string): Promise<KfAccountAnswer> {
    const puppet = await this.accounts.get(openKfId);
    return this.answers.toAnswer(puppet, await this.pages.findHint(puppet));
  }

  @Delete(':openKfId')
  @AllowRoles('operator')
  async forget(@Param('openKfId') openKfId: string, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    await this.accounts.forget(openKfId, askedBy(request));
    return SUCCESS_ANSWER;
  }

  @Post(':openKfId/test')
  @AllowRoles('operator')
  @HttpCode(200)
  async test(@Param('openKfId') openKfId: string, @Req() request: FastifyRequest): Promise<TestedAnswer> {
    const { failure, durationMs, answer } = await this.tests.send(openKfId, askedBy(request));
    return {
      taken: failure === null,
      status: answer?.status ?? null,
      durationMs: toDuration(durationMs),
      body: answer?.body ?? null,
      failure,
    };
  }
}
