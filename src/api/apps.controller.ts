import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Deliveries } from '../dispatch/deliveries.js';
import { AllowRoles } from '../http/allowed-callers.js';
import { JsonBody } from '../http/validation.js';
import { type App, isOfFile } from '../registry/apps/app.js';
import { AppsService } from '../registry/apps/apps.service.js';
import { NewAppDto, toNewApp } from '../registry/apps/new-app.dto.js';
import { RegistryService } from '../registry/registry.service.js';
import type { AppAnswer, AppCreatedAnswer } from './answers/app.js';

const SUCCESS = { code: 0, message: 'success' } as const;

/** Callback credentials that are known before any puppet registers. */
@Controller('api/v1/apps')
export class AppsController {
  constructor(
    private readonly apps: AppsService,
    private readonly registry: RegistryService,
    private readonly deliveries: Deliveries,
  ) {}

  @Get()
  @AllowRoles('operator')
  list() {
    const takenAtMs = this.deliveries.lastTakenByCorp();
    const items = this.apps.list().map((app) => this.#toAnswer(app, takenAtMs.get(app.corpId) ?? null));
    return { items, nextCursor: null };
  }

  /** Token and key are shown here and never again. */
  @Post()
  @AllowRoles('operator')
  @HttpCode(200)
  async add(@JsonBody(NewAppDto) body: NewAppDto, @Req() request: FastifyRequest): Promise<AppCreatedAnswer> {
    const app = await this.apps.add(toNewApp(body), askingOf(request));
    const { callbackToken, encodingAESKey } = app;
    return {
      ...this.#toAnswer(app, this.deliveries.lastTakenByCorp().get(app.corpId) ?? null),
      token: callbackToken.reveal(),
      encodingAESKey: encodingAESKey.reveal(),
    };
  }

  @Delete(':id')
  @AllowRoles('operator')
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<typeof SUCCESS> {
    await this.apps.remove(id, askingOf(request));
    return SUCCESS;
  }

  #toAnswer(app: App, takenAtMs: number | null): AppAnswer {
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
      accounts: this.registry.countOf(corpId),
      lastDeliveryAt: toTime(takenAtMs),
    };
  }
}

function askingOf({ ip, id }: FastifyRequest) {
  return { from: ip, requestId: String(id) };
}

function toTime(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
