import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowReplicas } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { TakesBody } from '../http/limits/bodies.js';
import { StreamCarrier } from './stream-carrier.js';
import { fromPassedEvent, type PassedEvent } from './replicas/passed.js';
import { type Notice, ReplicaSync } from './replicas/replica-sync.js';

/** What replicas tell each other, with the key that each has written into the store. */
@Controller('puppetWxkfManager/replicas')
@ApiTags('replicas')
export class ReplicasController {
  constructor(
    private readonly sync: ReplicaSync,
    private readonly carrier: StreamCarrier,
  ) {}

  /**
   * Learn what has changed.
   * @remarks The connections of the caller's clients. Where that is not told, the store is asked.
   */
  @Post('notices')
  @TakesBody('replica')
  @AllowReplicas()
  @HttpCode(200)
  @ApiOkResponse({ description: 'It was told.' })
  @Errors('AUTH_WRONG')
  takeNotice(@Req() { body }: FastifyRequest): object {
    void this.sync.noticed(JSON.parse(String(body)) as Partial<Notice> | null).catch(() => {});
    return {};
  }

  /**
   * Give an event to a client.
   * @remarks The client is connected to this process.
   */
  @Post('events')
  @TakesBody('replica')
  @AllowReplicas()
  @HttpCode(200)
  @ApiOkResponse({ description: 'What came of it.' })
  @Errors('AUTH_WRONG')
  async takeEvent(@Req() { body }: FastifyRequest): Promise<object> {
    const passed = JSON.parse(String(body)) as PassedEvent;
    const { connectionId: id, botId } = passed;
    const { result } = this.carrier.startHere({ id, botId }, fromPassedEvent(passed), () => {});
    return { result: await result };
  }
}
