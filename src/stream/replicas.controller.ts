import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowReplicas } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { TakesBody } from '../http/limits/bodies.js';
import { Halves } from '../dispatch/endpoint/halves.js';
import { StreamCarrier } from './stream-carrier.js';
import { fromPassedEvent, type PassedEvent } from './replicas/passed.js';
import { type Notice, ReplicaSync } from './replicas/replica-sync.js';

/** Calls from other replicas. Each replica writes its key into the store, and the others send it. */
@Controller('puppetWxkfManager/replicas')
@ApiTags('replicas')
export class ReplicasController {
  constructor(
    private readonly sync: ReplicaSync,
    private readonly carrier: StreamCarrier,
    private readonly halves: Halves,
  ) {}

  /**
   * Learn what has changed.
   * @remarks Which clients have connected to the calling replica or left it. With an empty notice the manager reads the store.
   */
  @Post('notices')
  @TakesBody('replica')
  @AllowReplicas()
  @HttpCode(200)
  @ApiOkResponse({ description: 'The notice was taken.' })
  @Errors('AUTH_WRONG')
  takeNotice(@Req() { body }: FastifyRequest): object {
    void this.sync.noticed(JSON.parse(String(body)) as Partial<Notice> | null).catch(() => {});
    return {};
  }

  /**
   * Give an event to a client.
   * @remarks The client must be connected to this process.
   */
  @Post('events')
  @TakesBody('replica')
  @AllowReplicas()
  @HttpCode(200)
  @ApiOkResponse({ description: 'Whether the client took the event.' })
  @Errors('AUTH_WRONG')
  async takeEvent(@Req() { body }: FastifyRequest): Promise<object> {
    const passed = JSON.parse(String(body)) as PassedEvent;
    const { connectionId: id, botId } = passed;
    const parcel = fromPassedEvent(passed, () => this.halves.hasPulled(passed));
    const { result } = this.carrier.startHere({ id, botId }, parcel, () => {});
    return { result: await result };
  }
}
