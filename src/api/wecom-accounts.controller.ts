import { Controller, Get, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { KnownBots } from '../registry/bots/known-bots.js';
import { Destinations } from '../registry/accounts/destination.js';
import { WecomAccounts } from '../wecom/wecom-accounts.js';
import {
  type WecomAccountAnswer,
  type WecomAccountsAnswer,
  WecomAccountsQueryDto,
} from './wecom-accounts.dto.js';

/** The accounts of a corp as WeCom knows them, to choose from. */
@Controller('api/v1/wecom-accounts')
@ApiTags('operators')
export class WecomAccountsController {
  constructor(
    private readonly accounts: WecomAccounts,
    private readonly destinations: Destinations,
    private readonly bots: KnownBots,
  ) {}

  /**
   * List the accounts of a corp at WeCom.
   * @remarks
   * Asks WeCom's `kf/account/list` for at most 1,000 accounts, with a corpSecret of a registration or of a bot. 404 when no
   * corpSecret of the corp is known. For an operator of the role reader, a list is kept for a minute and a failure for 10 s.
   */
  @Get()
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
    @Query() { corpId }: WecomAccountsQueryDto,
    @Req() { ip, trace, operator }: FastifyRequest,
  ): Promise<WecomAccountsAnswer> {
    // An admin may have just changed something at WeCom. Readers must not use up WeCom's limits.
    const found = await this.accounts.list(corpId, ip, trace, operator?.role !== 'reader');
    return { items: found.map((one) => ({ ...one, takenBy: this.#takerOf(corpId, one.openKfId) })) };
  }

  #takerOf(corpId: string, openKfId: string): WecomAccountAnswer['takenBy'] {
    const { bot, puppet, state } = this.destinations.find({ corpId, openKfId });
    const isListed = this.bots.findListed(corpId, openKfId) !== null;
    // A bot with `["*"]` takes what no bot lists and no puppet of the corp has registered. `unserved`: people serve it.
    if (isListed || bot !== null || state === 'unserved') return 'bot';
    return puppet === null ? 'nobody' : 'registration';
  }
}
