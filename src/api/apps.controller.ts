import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Deliveries } from '../dispatch/line/deliveries.js';
import { AllowRoles } from '../http/allowed-callers.js';
import { TakesBody } from '../http/bodies.js';
import { JsonBody, Query } from '../http/validation.js';
import { IsOptional } from '../kernel/class-validator.js';
import { type App, appKey, isOfFile } from '../registry/apps/app.js';
import { AppsService } from '../registry/apps/apps.service.js';
import { NewAppDto, toNewApp } from '../registry/apps/new-app.dto.js';
import type { AppAnswer, AppCreatedAnswer } from './answers/app.js';
import type { Page, SuccessAnswer } from './answers/page.js';
import { toIso } from './api-time.js';
import { askedBy } from './asked-by.js';
import { IsCursorOf, limitOf, PageQueryDto, readCursor, toCursor } from './page-query.js';
import { SUCCESS_ANSWER } from './success-answer.js';

const LIST = 'apps';

export class AppsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(LIST)
  readonly cursor?: string;
}

/** Callback credentials that are known before any puppet registers. */
@Controller('api/v1/apps')
export class AppsController {
  constructor(
    private readonly apps: AppsService,
    private readonly deliveries: Deliveries,
  ) {}

  @Get()
  @AllowRoles('operator')
  list(@Query(AppsQueryDto) query: AppsQueryDto): Page<AppAnswer> {
    const limit = limitOf(query);
    const found = this.apps.after(readCursor(LIST, query) ?? '', limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const takenAtMs = this.deliveries.lastTakenByCorp();
    return {
      items: items.map((app) => this.#toAnswer(app, takenAtMs)),
      nextCursor: found.length > limit && last !== undefined ? toCursor(LIST, appKey(last)) : null,
    };
  }

  /** Token and key are shown here and never again. */
  @Post()
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  async add(@JsonBody(NewAppDto) body: NewAppDto, @Req() request: FastifyRequest): Promise<AppCreatedAnswer> {
    const app = await this.apps.add(toNewApp(body), askedBy(request));
    const { callbackToken, encodingAESKey } = app;
    return {
      ...this.#toAnswer(app, this.deliveries.lastTakenByCorp()),
      token: callbackToken.reveal(),
      encodingAESKey: encodingAESKey.reveal(),
    };
  }

  @Delete(':id')
  @AllowRoles('operator')
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    await this.apps.remove(id, askedBy(request));
    return SUCCESS_ANSWER;
  }

  #toAnswer(app: App, takenAtMs: ReadonlyMap<string, number>): AppAnswer {
    const { id, corpId, name, receiveIds, createdAtMs, verifiedAtMs } = app;
    return {
      id,
      corpId,
      name,
      source: isOfFile(app) ? 'file' : 'api',
      receiveIds: [...receiveIds],
      callbackPath: `/callback/${corpId}`,
      createdAt: toTime(createdAtMs),
      verifiedAt: toTime(verifiedAtMs),
      accounts: this.apps.accountsOf(app),
      lastDeliveryAt: toTime(sinceAdded(app, takenAtMs.get(corpId))),
    };
  }
}

/** What the corp's other apps had before says nothing of this one. */
function sinceAdded({ createdAtMs }: App, atMs: number | undefined): number | undefined {
  return atMs !== undefined && atMs >= (createdAtMs ?? 0) ? atMs : undefined;
}

function toTime(atMs: number | null | undefined): string | null {
  return typeof atMs === 'number' ? toIso(atMs) : null;
}
