import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../../http/access/allowed-callers.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { SUCCESS_ANSWER, SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { AppError } from '../../kernel/app-error.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import {
  DeregisterDto,
  type PuppetAnswer,
  PuppetPathDto,
  RegisterDto,
  toGoodbye,
  toPuppetAnswer,
  toRegistration,
} from './register.dto.js';
import { AccountOwners } from './account-owners.js';
import { Accounts } from '../accounts/accounts.js';
import { Presence } from '../accounts/presence.js';
import { Registrations } from './registrations.js';
import { RegistryMetrics } from './registry-metrics.js';

@Controller('puppetWxkfManager')
export class RegistryController {
  constructor(
    private readonly registrations: Registrations,
    private readonly presence: Presence,
    private readonly accounts: Accounts,
    private readonly endpoints: EndpointPolicy,
    private readonly owners: AccountOwners,
    private readonly metrics: RegistryMetrics,
  ) {}

  /**
   * Register a puppet.
   * @remarks
   * From now on the account's events go to `endpoint`, and waiting events are sent at once. Safe to repeat: a puppet registers
   * at each start. Any caller that may register can register a new account. Only its own corp can take over a registered one,
   * with the same `corpSecret` or one that WeCom accepts; the manager asks WeCom within 5 s. Unknown fields are ignored; the
   * body has at most 64 kB.
   */
  @Post('register')
  @ApiTags('puppets')
  @TakesBody('json')
  @AllowRoles('puppet')
  @AllowBots()
  @HttpCode(200)
  @ApiOkResponse({ description: 'The registration is stored and counts.', type: SuccessAnswer })
  @Errors(
    'REGISTRY_ACCOUNT_OF_OTHER_CORP',
    'REGISTRY_ACCOUNT_OF_BOT',
    'BOT_FORBIDDEN',
    'REGISTRY_SECRET_REFUSED',
    'REGISTRY_SECRET_UNVERIFIED',
    'REGISTRY_TOO_MANY_UNPROVEN',
    'REGISTRY_FULL',
    'REGISTRY_CORP_FULL',
    'STORE_UNAVAILABLE',
  )
  async registerPuppet(
    @Body() dto: RegisterDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { trace, span } = request;
    span?.set({ 'wxkf.corp_id': dto.corpId, 'wxkf.open_kf_id': dto.kfId });
    const registered = await this.metrics.counted('register', async () => {
      this.#requireAllowed(dto.endpoint);
      this.owners.requireTaking(dto.takes ?? 'event', request.bot?.id ?? '');
      const registration = toRegistration(dto, request.ip, request.bot?.id ?? '');
      return this.registrations.register(registration, { requestId: String(request.id), trace });
    });
    // The answer is written first and the endpoint used after it, in the same tick.
    try {
      reply.send(SUCCESS_ANSWER);
    } finally {
      registered.answered();
    }
  }

  /**
   * Deregister a puppet.
   * @remarks
   * The account is marked offline; its events are kept until a puppet registers again. Safe to repeat, and harmless for an
   * account that is unknown, of another corp or has moved: the answer is the same.
   */
  @Post('deregister')
  @ApiTags('puppets')
  @TakesBody('json')
  @AllowRoles('puppet')
  @AllowBots()
  @HttpCode(200)
  @ApiOkResponse({ description: 'The account is offline, or does not belong to this corp.' })
  @Errors('STORE_UNAVAILABLE', 'BOT_FORBIDDEN')
  async deregisterPuppet(@Body() dto: DeregisterDto, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    this.owners.requireOwner({ openKfId: dto.kfId, corpId: dto.corpId, botId: request.bot?.id ?? '' });
    await this.metrics.counted('deregister', () => this.presence.deregister(toGoodbye(dto, request.ip)));
    return SUCCESS_ANSWER;
  }

  /**
   * Show the registration of an account.
   * @remarks Without its secrets. Changes nothing.
   */
  @Get('puppetWxkfInfo/:kfId')
  @AllowRoles('operator')
  @ApiTags('operators')
  @ApiOkResponse({ description: 'The registration.' })
  @Errors('REGISTRY_PUPPET_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async getPuppet(@Param() { kfId }: PuppetPathDto): Promise<PuppetAnswer> {
    return toPuppetAnswer(await this.accounts.get(kfId));
  }

  #requireAllowed(text: string): void {
    const endpoint = this.endpoints.read(text);
    if ('must' in endpoint)
      throw new AppError('REQUEST_INVALID', { detail: `endpoint must ${endpoint.must}` });
  }
}
