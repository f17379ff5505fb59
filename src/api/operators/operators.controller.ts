import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { type Operator, tokenIdOf } from '../../operators/operator.js';
import { OperatorDto } from '../../operators/operator.dto.js';
import { OperatorsService, type OperatorWithToken } from '../../operators/operators.service.js';
import {
  type OperatorAnswer,
  type OperatorPageAnswer,
  type OperatorTokenAnswer,
  OperatorPathDto,
  OPERATORS,
  OperatorsQueryDto,
} from './operators.dto.js';
import { toIso } from '../../http/answers/times.js';
import { requesterOf } from '../../http/access/requester.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** Operators with names and tokens of their own. */
@Controller('api/v1/operators')
@ApiTags('operators')
export class OperatorsController {
  constructor(private readonly operators: OperatorsService) {}

  /**
   * List the named operators.
   * @remarks Without their tokens. The shared secret of `AUTH_OPERATOR_TOKEN` is not in the list.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of operators.' })
  @Errors('STORE_UNAVAILABLE')
  async listOperators(@Query() query: OperatorsQueryDto): Promise<OperatorPageAnswer> {
    const limit = limitOf(query);
    const found = await this.operators.after(readCursor(OPERATORS, query) ?? '', limit + 1);
    const items = found.slice(0, limit);
    return {
      items: items.map(toAnswer),
      nextCursor: found.length > limit ? toCursor(OPERATORS, items.at(-1)?.name ?? null) : null,
    };
  }

  /**
   * Add an operator.
   * @remarks
   * Only this answer shows its token, which is valid on every replica within 2 s. A repetition is 409. At most 1,000 operators
   * are kept.
   */
  @Post()
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The operator, with its token.' })
  @Errors('OPERATOR_EXISTS', 'OPERATORS_FULL', 'STORE_UNAVAILABLE')
  async addOperator(
    @Body() { name, role }: OperatorDto,
    @Req() request: FastifyRequest,
  ): Promise<OperatorTokenAnswer> {
    const added = await this.operators.add(name, role, requesterOf(request));
    request.done = { subject: name };
    return toTokenAnswer(added);
  }

  /**
   * Give an operator another token.
   * @remarks
   * Only this answer shows it. The earlier token and its sessions end on every replica within 2 s. Each repetition makes
   * another token.
   */
  @Post(':name/token')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'The operator, with its token.' })
  @Errors('OPERATOR_NOT_FOUND', 'STORE_UNAVAILABLE')
  async renewOperatorToken(
    @Param() { name }: OperatorPathDto,
    @Req() request: FastifyRequest,
  ): Promise<OperatorTokenAnswer> {
    return toTokenAnswer(await this.operators.renew(name, requesterOf(request)));
  }

  /**
   * Remove an operator.
   * @remarks Its token and its sessions end on every replica within 2 s. A repetition is 404.
   */
  @Delete(':name')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is removed.' })
  @Errors('OPERATOR_NOT_FOUND', 'STORE_UNAVAILABLE')
  async removeOperator(
    @Param() { name }: OperatorPathDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.operators.remove(name, requesterOf(request));
    return SUCCESS_ANSWER;
  }
}

function toAnswer({ name, role, createdAtMs, token }: Operator): OperatorAnswer {
  return {
    name,
    role,
    createdAt: toIso(createdAtMs),
    tokenId: tokenIdOf(token),
    tokenCreatedAt: toIso(token.createdAtMs),
  };
}

function toTokenAnswer({ operator, token }: OperatorWithToken): OperatorTokenAnswer {
  return { ...toAnswer(operator), token: token.reveal() };
}
