import { Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { JsonBody } from '../http/validation.js';
import {
  DeregisterDto,
  type PuppetInfo,
  RegisterDto,
  toGoodbye,
  toPuppetInfo,
  toRegistration,
} from './register.dto.js';
import { RegistryService } from './registry.service.js';

const SUCCESS = { code: 0, message: 'success' };

@Controller('puppetWxkfManager')
export class RegistryController {
  constructor(private readonly registry: RegistryService) {}

  /** The answer is written first and the endpoint used after it, in the same tick. */
  @Post('register')
  @HttpCode(200)
  async register(@JsonBody(RegisterDto) dto: RegisterDto, @Res() reply: FastifyReply): Promise<void> {
    const registered = await this.registry.register(toRegistration(dto));
    try {
      reply.send(SUCCESS);
    } finally {
      registered.answered();
    }
  }

  @Post('deregister')
  @HttpCode(200)
  async deregister(@JsonBody(DeregisterDto) dto: DeregisterDto): Promise<typeof SUCCESS> {
    await this.registry.deregister(toGoodbye(dto));
    return SUCCESS;
  }

  @Get('puppetWxkfInfo/:kfId')
  async info(@Param('kfId') kfId: string): Promise<PuppetInfo> {
    return toPuppetInfo(await this.registry.getPuppet(kfId));
  }
}
