import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { type Bot, takesCallbacks } from '../../registry/bots/bot.js';
import { BotsService, botSortKey } from '../../registry/bots/bots.service.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';
import { BotChangeDto, NewBotDto } from '../../registry/bots/bot.dto.js';
import {
  type BotAnswer,
  type BotChangedAnswer,
  type BotCreatedAnswer,
  type BotPageAnswer,
  type BotVerifiedAnswer,
  type BotWithKeyAnswer,
  BOTS,
  BotPathDto,
  BotsQueryDto,
  RenewKeyDto,
} from './bots.dto.js';
import { toDuration } from '../../http/answers/times.js';
import { BotAnswers } from './bot-answers.js';
import { BotChecks } from './bot-checks.js';
import { requesterOf } from '../../http/access/requester.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** Bots that operators add, of any kind. */
@Controller('api/v1/bots')
@ApiTags('operators')
export class BotsController {
  constructor(
    private readonly bots: BotsService,
    private readonly botEndpoints: BotEndpoints,
    private readonly checks: BotChecks,
    private readonly answers: BotAnswers,
  ) {}

  /**
   * List the bots.
   * @remarks Without their secrets.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of bots.' })
  async listBots(@Query() query: BotsQueryDto): Promise<BotPageAnswer> {
    const limit = limitOf(query);
    const found = this.bots.after(readCursor(BOTS, query) ?? '', query.corpId ?? null, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: await this.answers.ofAll(items),
      nextCursor: found.length > limit && last !== undefined ? toCursor(BOTS, botSortKey(last)) : null,
    };
  }

  /**
   * Add a bot.
   * @remarks
   * It takes over its accounts at once, with the events that wait for them. Only this answer shows its key, its token, its
   * EncodingAESKey and its signing secret. If the bot takes messages, the manager first asks WeCom whether the corpSecret is
   * right. A repetition is 409, since the accounts are taken.
   */
  @Post()
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The bot, with its secrets.' })
  @Errors(
    'BOT_ACCOUNT_TAKEN',
    'BOTS_FULL',
    'WECOM_REFUSED',
    'WECOM_UNREACHABLE',
    'REGISTRY_NOT_LOADED',
    'STORE_UNAVAILABLE',
  )
  async addBot(@Body() body: NewBotDto, @Req() request: FastifyRequest): Promise<BotCreatedAnswer> {
    const given = await this.checks.toNew(body, request);
    const { bot, key } = await this.bots.add(given, requesterOf(request));
    request.done = { subject: bot.name };
    const keys = takesCallbacks(bot) ? bot.secrets : null;
    return {
      ...(await this.answers.of(bot)),
      key,
      token: keys && keys.callbackToken.reveal(),
      encodingAESKey: keys && keys.encodingAESKey.reveal(),
      signingSecret: signingSecretOf(bot) ?? '',
    };
  }

  /**
   * Show one bot.
   * @remarks The same object as in the list.
   */
  @Get(':id')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The bot.' })
  @Errors('BOT_NOT_FOUND', 'STORE_UNAVAILABLE')
  async getBot(@Param() { id }: BotPathDto): Promise<BotAnswer> {
    return this.answers.of(await this.bots.get(id));
  }

  /**
   * Change a bot.
   * @remarks
   * Fields that are left out stay as they are. The URL stays, too, if it is sent as answers show it, with `***` for its query.
   * If the bot takes messages, the manager first asks WeCom whether a new corpSecret is right; for any other bot it asks
   * afterwards, so that `token_refused` is over where the corpSecret was the cause. Safe to repeat.
   */
  @Patch(':id')
  @TakesBody('json')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The bot as it is now.' })
  @Errors(
    'BOT_NOT_FOUND',
    'BOT_ACCOUNT_TAKEN',
    'BOT_CLOSED',
    'BOT_CHANGED',
    'WECOM_REFUSED',
    'WECOM_UNREACHABLE',
    'REGISTRY_NOT_LOADED',
    'STORE_UNAVAILABLE',
  )
  async changeBot(
    @Param() { id }: BotPathDto,
    @Body() body: BotChangeDto,
    @Req() request: FastifyRequest,
  ): Promise<BotChangedAnswer> {
    let before: string | null = null;
    const change = (bot: OpenBot) => {
      before = signingSecretOf(bot);
      return this.checks.toChanged(body, bot, request);
    };
    const bot = await this.bots.change(id, change, requesterOf(request));
    if (body.corpSecret !== undefined) this.checks.tryCorpSecret(bot, request);
    request.done = { subject: bot.name, fields: Object.keys(body) };
    return {
      ...(await this.answers.of(bot)),
      signingSecret: before === null ? signingSecretOf(bot) : null,
    };
  }

  /**
   * Delete a bot.
   * @remarks
   * Its key ends at once. Its accounts go to the puppets that have registered them, or to another bot of the corp that takes
   * them. What waits for the accounts stays. A repetition is 404.
   */
  @Delete(':id')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is deleted.' })
  @Errors('BOT_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async deleteBot(@Param() { id }: BotPathDto, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    const { name } = await this.bots.remove(id, requesterOf(request));
    request.done = { subject: name };
    return SUCCESS_ANSWER;
  }

  /**
   * Make a new key.
   * @remarks
   * The old key stays valid for `overlapS` seconds. Only this answer shows the new one. A repetition makes another key.
   */
  @Post(':id/key')
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The bot, with its new key.' })
  @Errors('BOT_NOT_FOUND', 'BOT_CLOSED', 'BOT_CHANGED', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async renewKey(
    @Param() { id }: BotPathDto,
    @Body() { overlapS }: RenewKeyDto,
    @Req() request: FastifyRequest,
  ): Promise<BotWithKeyAnswer> {
    const { bot, key } = await this.bots.renewKey(id, overlapS * 1_000, requesterOf(request));
    request.done = { subject: bot.name };
    return { ...(await this.answers.of(bot)), key };
  }

  /**
   * Verify the URL of a bot.
   * @remarks
   * Sends the bot the request that WeCom sends when a callback URL is saved, and waits up to 5 s. The answer is 200 even if the
   * bot fails, and says why. It is 400 for a bot whose form is json, because such a bot gets no callbacks. Changes nothing.
   */
  @Post(':id/verify')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The result of the verification.' })
  @Errors('BOT_NOT_FOUND', 'BOT_UNVERIFIABLE', 'STORE_UNAVAILABLE')
  async verifyBot(@Param() { id }: BotPathDto, @Req() request: FastifyRequest): Promise<BotVerifiedAnswer> {
    const bot = await this.bots.get(id);
    request.done = { subject: bot.name };
    const { fault, status, noAnswer, durationMs } = await this.botEndpoints.verify(bot);
    return { verified: fault === null, status, noAnswer, durationMs: toDuration(durationMs), fault };
  }
}

/** `null` for a bot that was imported without one. */
function signingSecretOf({ secrets }: Bot): string | null {
  return secrets?.signingSecret.reveal() || null;
}
