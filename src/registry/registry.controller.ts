import { Controller, Get, HttpCode, Ip, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowRoles } from '../http/allowed-callers.js';
import { TakesBody } from '../http/bodies.js';
import { JsonBody } from '../http/validation.js';
import { AppError } from '../kernel/app-error.js';
import { EndpointPolicy } from './endpoint-policy.js';
import {
  DeregisterDto,
  type PuppetInfo,
  RegisterDto,
  toGoodbye,
  toPuppetInfo,
  toRegistration,
} from './register.dto.js';
import { Accounts } from './accounts.js';
import { Presence } from './presence.js';
import { Registrations } from './registrations.js';
import { RegistryMetrics } from './registry-metrics.js';

const SUCCESS = { code: 0, message: 'success' };

@Controller('puppetWxkfManager')
export class RegistryController {
  constructor(
    private readonly registrations: Registrations,
    private readonly presence: Presence,
    private readonly accounts: Accounts,
    private readonly endpoints: EndpointPolicy,
    private readonly metrics: RegistryMetrics,
  ) {}

  /** The answer is written first and the endpoint used after it, in the same tick. */
  @Post('register')
  @TakesBody('json')
  @AllowRoles('puppet')
  @HttpCode(200)
  async register(
    @JsonBody(RegisterDto) dto: RegisterDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { trace, span } = request;
    span?.set({ 'wxkf.corp_id': dto.corpId, 'wxkf.open_kf_id': dto.kfId });
    const registered = await this.metrics.counted('register', async () => {
      this.#requireAllowed(dto.endpoint);
      const registration = toRegistration(dto, request.ip);
      return this.registrations.register(registration, { requestId: String(request.id), trace });
    });
    try {
      reply.send(SUCCESS);
    } finally {
      registered.answered();
    }
  }

  @Post('deregister')
  @TakesBody('json')
  @AllowRoles('puppet')
  @HttpCode(200)
  async deregister(@JsonBody(DeregisterDto) dto: DeregisterDto, @Ip() from: string): Promise<typeof SUCCESS> {
    await this.metrics.counted('deregister', () => this.presence.deregister(toGoodbye(dto, from)));
    return SUCCESS;
  }

  @Get('puppetWxkfInfo/:kfId')
  @AllowRoles('operator')
  async info(@Param('kfId') kfId: string): Promise<PuppetInfo> {
    return toPuppetInfo(await this.accounts.get(kfId));
  }

  #requireAllowed(text: string): void {
    const endpoint = this.endpoints.read(text);
    if ('must' in endpoint)
      throw new AppError('REQUEST_INVALID', { detail: `endpoint must ${endpoint.must}` });
  }
}
