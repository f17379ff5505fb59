import { Controller, Get, Query } from '@nestjs/common';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { Answers, Tags } from '../http/answers/described.js';
import type { SeenError } from '../wecom/wecom-errors.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import type { SeenWecomErrorAnswer, SeenWecomErrorPageAnswer } from './answers/wecom-error.dto.js';
import { toIso } from './api-time.js';
import { limitOf, readCursor, toCursor } from './page-query.dto.js';
import { WECOM_ERRORS, WecomErrorsQueryDto } from './wecom-errors.dto.js';

/** Calls that WeCom refused, or this replica in its name. */
@Controller('api/v1/wecom-errors')
@Tags('operators')
export class WecomErrorsController {
  constructor(private readonly wecom: WecomMetrics) {}

  /**
   * List refused calls to WeCom.
   * @remarks By errcode, since this process started, including calls that the manager refused in WeCom's name.
   */
  @Get()
  @AllowRoles('operator')
  @Answers({ 200: 'A page of errors.' })
  listWecomErrors(@Query() query: WecomErrorsQueryDto): SeenWecomErrorPageAnswer {
    const after = readCursor(WECOM_ERRORS, query) ?? '';
    const rest = this.wecom.errors.filter((error) => keyOf(error) > after);
    const page = rest.slice(0, limitOf(query));
    const last = page.at(-1);
    const end = rest.length > page.length && last !== undefined ? keyOf(last) : null;
    return { items: page.map(toAnswer), nextCursor: toCursor(WECOM_ERRORS, end) };
  }
}

function keyOf({ operation, errcode }: SeenError): string {
  return `${operation}/${errcode}`;
}

function toAnswer({ operation, errcode, count, lastAtMs }: SeenError): SeenWecomErrorAnswer {
  return { operation, errcode, count, lastAt: toIso(lastAtMs) };
}
