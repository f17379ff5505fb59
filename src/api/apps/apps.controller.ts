import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { knownFieldsOf } from '../../http/answers/validation.js';
import { type App, appKey, isOfFile } from '../../registry/apps/app.js';
import { AppsService } from '../../registry/apps/apps.service.js';
import type { Bot } from '../../registry/bots/bot.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { AppDto, NewAppDto, toNewApp } from '../../registry/apps/app.dto.js';
import type { Cause } from '../../insight/accounts/cause.js';
import { Past } from '../../log/past.js';
import { CurrentStatus } from '../../insight/verdict/current-status.js';
import {
  type AppAnswer,
  type AppCreatedAnswer,
  type AppPageAnswer,
  AppPathDto,
  APPS,
  AppsQueryDto,
} from './apps.dto.js';
import { toCauseAnswer } from '../answers/cause.dto.js';
import { toTime } from '../../http/answers/times.js';
import { requesterOf } from '../../http/access/requester.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** By the id of a corp. */
interface Now {
  readonly causes: ReadonlyMap<string, readonly Cause[]>;
  readonly takenAtMs: ReadonlyMap<string, number>;
}

/** Callback credentials that are known before any puppet registers. */
@Controller('api/v1/apps')
@ApiTags('operators')
export class AppsController {
  constructor(
    private readonly apps: AppsService,
    private readonly bots: KnownBots,
    private readonly past: Past,
    private readonly status: CurrentStatus,
  ) {}

  /**
   * List the apps.
   * @remarks The apps that were added here and those of `WECOM_APPS_FILE`, without their secrets.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of apps.' })
  async listApps(@Query() query: AppsQueryDto): Promise<AppPageAnswer> {
    const limit = limitOf(query);
    const found = this.apps.after(readCursor(APPS, query) ?? '', limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const now = await this.#now();
    return {
      items: items.map((app) => this.#toAnswer(app, now)),
      nextCursor: found.length > limit && last !== undefined ? toCursor(APPS, appKey(last)) : null,
    };
  }

  /**
   * Add an app.
   * @remarks
   * Its callback credentials are valid at once, so that WeCom can verify the callback URL before any puppet registers. Only
   * this answer shows token and key. If they are left out, they are generated, and each repetition adds another app; if
   * they are given, a repetition is 409. At most 1,000 apps are kept.
   */
  @Post()
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The app, with its secrets.' })
  @Errors('APP_EXISTS', 'APPS_FULL', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async addApp(@Body() body: NewAppDto, @Req() request: FastifyRequest): Promise<AppCreatedAnswer> {
    const app = await this.apps.add(toNewApp(body), requesterOf(request));
    request.done = { subject: nameOf(app) };
    const { callbackToken, encodingAESKey } = app;
    return {
      ...this.#toAnswer(app, await this.#now()),
      token: callbackToken.reveal(),
      encodingAESKey: encodingAESKey.reveal(),
    };
  }

  /**
   * Delete an app.
   * @remarks
   * Callbacks that only its keys open are refused from then on. For an app of `WECOM_APPS_FILE` the answer is 409. A repetition
   * is 404.
   */
  @Delete(':id')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is deleted.' })
  @Errors('APP_NOT_FOUND', 'APP_READ_ONLY', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async deleteApp(@Param() { id }: AppPathDto, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    request.done = { subject: nameOf(await this.apps.remove(id, requesterOf(request))) };
    return SUCCESS_ANSWER;
  }

  async #now(): Promise<Now> {
    return { causes: await this.status.causesByCorp(), takenAtMs: this.past.takenByCorp() };
  }

  #toAnswer(app: App, { causes, takenAtMs }: Now): AppAnswer {
    const { id, corpId, createdAtMs, verifiedAtMs } = app;
    return {
      ...knownFieldsOf(AppDto, app),
      id,
      source: isOfFile(app) ? 'file' : 'api',
      callbackPath: `/callback/${corpId}`,
      createdAt: toTime(createdAtMs),
      verifiedAt: toTime(verifiedAtMs),
      accounts: this.apps.accountsOf(app),
      bots: this.#botsOf(corpId),
      lastDeliveryAt: toTime(sinceAdded(app, takenAtMs.get(corpId))),
      causes: (causes.get(corpId) ?? []).map(toCauseAnswer),
    };
  }

  #botsOf(corpId: string): number {
    if (this.bots.countOf(corpId) === 0) return 0;
    const isCounted = ({ kind }: Bot) => kind !== 'none' && kind !== 'puppet';
    return this.bots.list().filter((bot) => bot.corpId === corpId && isCounted(bot)).length;
  }
}

function nameOf({ name, corpId }: App): string {
  return name || corpId;
}

/** Deliveries before this app was added say nothing about it. */
function sinceAdded({ createdAtMs }: App, atMs: number | undefined): number | null {
  return atMs !== undefined && atMs >= (createdAtMs ?? 0) ? atMs : null;
}
