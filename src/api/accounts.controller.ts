import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import type { AccountDetailAnswer, AccountPageAnswer } from '../insight/accounts/account.dto.js';
import { AllAccounts } from '../insight/accounts/all-accounts.js';
import { limitOf, readCursor, toCursor } from '../http/answers/page-query.dto.js';
import { AccountsQueryDto, CorpAccountPathDto, listOf } from './accounts.dto.js';

/** Every account of every app, whoever serves it. */
@Controller('api/v1/accounts')
@ApiTags('operators')
export class AccountsController {
  constructor(private readonly accounts: AllAccounts) {}

  /**
   * List all accounts.
   * @remarks
   * Those that WeCom lists, that puppets have registered and that bots list, together: who serves each, and whether its customers
   * get answers. WeCom is asked for its list at most once a minute for each corp. Without secrets.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of accounts.' })
  @Errors('REGISTRY_NOT_LOADED')
  async listAllAccounts(
    @Query() query: AccountsQueryDto,
    @Req() { ip }: FastifyRequest,
  ): Promise<AccountPageAnswer> {
    const { corpId = null, botId = null, servedBy = null, state = null, q = '', sort = 'state' } = query;
    const filter = { corpId, botId, servedBy, state, text: q === '' ? null : q };
    const list = listOf(query);
    const page = await this.accounts.page(filter, readCursor(list, query), limitOf(query), sort, ip);
    return { ...page, nextCursor: toCursor(list, page.nextCursor) };
  }

  /**
   * Show one of all accounts.
   * @remarks The same object as in the list, and what its puppet registered.
   */
  @Get(':corpId/:openKfId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The account.' })
  @Errors('ACCOUNT_NOT_FOUND', 'REGISTRY_NOT_LOADED')
  async getAnyAccount(
    @Param() path: CorpAccountPathDto,
    @Req() { ip }: FastifyRequest,
  ): Promise<AccountDetailAnswer> {
    return this.accounts.get(path, ip);
  }
}
