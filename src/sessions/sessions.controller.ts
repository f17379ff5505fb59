import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { SUCCESS_ANSWER } from '../http/answers/success-answer.dto.js';
import { TakesBody } from '../http/limits/bodies.js';
import { BotHandOvers } from './bot-hand-overs.js';
import { type HandOverAnswer, HandOverDto } from './sessions.dto.js';

@Controller('puppetWxkfManager/sessions')
export class SessionsController {
  constructor(private readonly handOvers: BotHandOvers) {}

  /**
   * Hand a customer over to people.
   * @remarks
   * For a bot with `session`, by its key: the customer goes where `session.people.to` says, to the pool without it, and the bot
   * gets nothing of them until people are done. A repetition is `already`.
   */
  @Post('handOver')
  @ApiTags('bots')
  @TakesBody('json')
  @AllowRoles('puppet')
  @AllowBots()
  @HttpCode(200)
  @ApiOkResponse({ description: 'What became of the customer.' })
  @Errors('BOT_FORBIDDEN', 'WECOM_REFUSED', 'WECOM_UNREACHABLE', 'STORE_UNAVAILABLE')
  async handOver(@Body() body: HandOverDto, @Req() { bot, trace }: FastifyRequest): Promise<HandOverAnswer> {
    const outcome = await this.handOvers.perform(bot, body, trace);
    return { ...SUCCESS_ANSWER, outcome };
  }
}
