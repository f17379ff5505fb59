import { Controller, Delete, Param, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../http/allowed-callers.js';
import { RegistryService } from './registry.service.js';

const SUCCESS = { code: 0, message: 'success' };

/** What operators do with registrations. */
@Controller('api/v1/kf-accounts')
export class KfAccountsController {
  constructor(private readonly registry: RegistryService) {}

  @Delete(':openKfId')
  @AllowRoles('operator')
  async forget(@Param('openKfId') openKfId: string, @Req() request: FastifyRequest): Promise<typeof SUCCESS> {
    await this.registry.forget(openKfId, { from: request.ip, requestId: String(request.id) });
    return SUCCESS;
  }
}
