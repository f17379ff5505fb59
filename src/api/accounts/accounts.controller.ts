import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { TestDelivery } from '../../dispatch/later/test-delivery.js';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { requesterOf } from '../../http/access/requester.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { toDuration } from '../../http/answers/times.js';
import { AccountList } from '../../insight/accounts/account-list.js';
import { AccountServers } from '../../insight/accounts/account-servers.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';
import { toFailureReason } from '../answers/failure.dto.js';
import type { AccountAnswer, AccountPageAnswer } from './account.dto.js';
import { toAccountAnswer } from './account-answer.js';
import {
  AccountPathDto,
  AccountQueryDto,
  AccountsQueryDto,
  listOf,
  type TestedAnswer,
  type WecomAccountsAnswer,
  CorpPathDto,
} from './accounts.dto.js';

/** Every account of every app, whoever serves it. */
@Controller('api/v1')
@ApiTags('operators')
export class AccountsController {
  constructor(
    private readonly list: AccountList,
    private readonly servers: AccountServers,
    private readonly registered: Accounts,
    private readonly tests: TestDelivery,
    private readonly wecom: WecomAccounts,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * List accounts.
   * @remarks
   * Those that WeCom lists, that puppets have registered and that bots list, together: who serves each, and whether its customers
   * get answers. WeCom is asked for its list at most once a minute for each corp. Without secrets.
   */
  @Get('accounts')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of accounts.' })
  @Errors('REGISTRY_NOT_LOADED')
  async listAccounts(
    @Query() query: AccountsQueryDto,
    @Req() { ip }: FastifyRequest,
  ): Promise<AccountPageAnswer> {
    const { corpId = null, botId = null, servedBy = null, state = null, q = '', sort = 'state' } = query;
    const filter = { corpId, botId, servedBy, state, text: q === '' ? null : q };
    const list = listOf(query);
    const page = await this.list.page(filter, readCursor(list, query), limitOf(query), sort, ip);
    const { total, counts, next } = page;
    const nowMs = this.storeClock.nowMs();
    const items = page.items.map((one) => toAccountAnswer(one, nowMs));
    return { items, nextCursor: toCursor(list, next), total, counts };
  }

  /**
   * List the accounts of a corp at WeCom.
   * @remarks
   * Asks WeCom's `kf/account/list` for at most 1,000 accounts, with a corpSecret of a registration or of a bot. 404 when no
   * corpSecret of the corp is known. For an operator of the role reader, a list is kept for a minute and a failure for 10 s.
   */
  @Get('corps/:corpId/accounts')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The accounts.' })
  @Errors(
    'REGISTRY_CORP_NOT_FOUND',
    'WECOM_REFUSED',
    'WECOM_UNREACHABLE',
    'REGISTRY_NOT_LOADED',
    'STORE_UNAVAILABLE',
  )
  async listWecomAccounts(
    @Param() { corpId }: CorpPathDto,
    @Req() { ip, trace, operator }: FastifyRequest,
  ): Promise<WecomAccountsAnswer> {
    // An admin may have just changed something at WeCom. Readers must not use up WeCom's limits.
    const found = await this.wecom.list(corpId, ip, trace, operator?.role !== 'reader');
    return {
      items: found.map(({ openKfId, name }) => ({
        openKfId,
        name,
        servedBy: this.servers.of({ corpId, openKfId }).servedBy,
      })),
    };
  }

  /**
   * Show one account.
   * @remarks The same object as in the list, with its hint as it is now.
   */
  @Get('accounts/:openKfId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The account.' })
  @Errors('ACCOUNT_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async getAccount(
    @Param() { openKfId }: AccountPathDto,
    @Query() { corpId }: AccountQueryDto,
    @Req() { ip }: FastifyRequest,
  ): Promise<AccountAnswer> {
    return toAccountAnswer(await this.list.get(openKfId, corpId ?? null, ip), this.storeClock.nowMs());
  }

  /**
   * Forget the registration of an account.
   * @remarks
   * Any corp can register the account then. Its hint stays until a puppet of its corp registers. A repetition is 404.
   */
  @Delete('accounts/:openKfId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is forgotten.' })
  @Errors('REGISTRY_PUPPET_NOT_FOUND', 'STORE_UNAVAILABLE')
  async forgetAccount(
    @Param() { openKfId }: AccountPathDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.registered.forget(openKfId, requesterOf(request));
    return SUCCESS_ANSWER;
  }

  /**
   * Test an account.
   * @remarks
   * Sends an event without a sync token to its puppet, or to the bot that lists it, which then pulls what is new. This does no
   * harm. A corp has at most three tests a minute. If the bot takes messages, the manager pulls instead. A paused bot is
   * sent nothing. The answer is 200 even if the event was not taken, and says so.
   */
  @Post('accounts/:openKfId/test')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The result of the test.' })
  @Errors('REGISTRY_PUPPET_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'RESYNC_LIMITED', 'STORE_UNAVAILABLE')
  async testAccount(
    @Param() { openKfId }: AccountPathDto,
    @Req() request: FastifyRequest,
  ): Promise<TestedAnswer> {
    const { failure, isPulled, durationMs, answer } = await this.tests.send(openKfId, requesterOf(request));
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
