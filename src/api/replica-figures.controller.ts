import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowReplicas } from '../http/access/allowed-callers.js';
import { Answers, Errors, Tags } from '../http/answers/described.js';
import { TakesBody } from '../http/limits/bodies.js';
import { FIGURES } from './all-figures.js';
import { AllWecomErrors, WECOM_ERRORS_OF_REPLICA } from './all-wecom-errors.js';
import { type AskedFigures, OwnFigures } from './own-figures.js';

/** What other replicas ask this one, when somebody looks there. */
@Controller()
@Tags('replicas')
export class ReplicaFiguresController {
  constructor(
    private readonly figures: OwnFigures,
    private readonly errors: AllWecomErrors,
  ) {}

  /**
   * Tell figures.
   * @remarks What this process has seen of accounts, addresses and bots.
   */
  @Post(FIGURES)
  @TakesBody('replica')
  @AllowReplicas()
  @HttpCode(200)
  @Answers({ 200: 'The figures, in the order in which they were asked for.' })
  @Errors('AUTH_WRONG')
  tellFigures(@Req() { body }: FastifyRequest): object {
    return this.figures.of(JSON.parse(String(body)) as AskedFigures);
  }

  /**
   * Tell failed calls.
   * @remarks Those to WeCom that failed at this process.
   */
  @Post(WECOM_ERRORS_OF_REPLICA)
  @TakesBody('replica')
  @AllowReplicas()
  @HttpCode(200)
  @Answers({ 200: 'By errcode, and by corp, account and API.' })
  @Errors('AUTH_WRONG')
  tellWecomErrors(): object {
    return this.errors.own();
  }
}
