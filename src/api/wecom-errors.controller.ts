import { Controller, Get } from '@nestjs/common';
import { AllowRoles } from '../http/allowed-callers.js';
import { Query } from '../http/validation.js';
import { IsOptional } from '../kernel/class-validator.js';
import type { SeenError } from '../wecom/wecom-errors.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import type { Page } from './answers/page.js';
import type { WecomErrorAnswer } from './answers/wecom-error.js';
import { toIso } from './api-time.js';
import { IsCursorOf, limitOf, PageQueryDto, readCursor, toCursor } from './page-query.js';

const LIST = 'wecom-errors';

export class WecomErrorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(LIST)
  readonly cursor?: string;
}

/** What callers were refused by WeCom, or by this replica in its name. */
@Controller('api/v1/wecom-errors')
export class WecomErrorsController {
  constructor(private readonly wecom: WecomMetrics) {}

  @Get()
  @AllowRoles('operator')
  list(@Query(WecomErrorsQueryDto) query: WecomErrorsQueryDto): Page<WecomErrorAnswer> {
    const after = readCursor(LIST, query) ?? '';
    const rest = this.wecom.errors.filter((error) => keyOf(error) > after);
    const page = rest.slice(0, limitOf(query));
    const last = page.at(-1);
    const end = rest.length > page.length && last !== undefined ? keyOf(last) : null;
    return { items: page.map(toAnswer), nextCursor: toCursor(LIST, end) };
  }
}

function keyOf({ operation, errcode }: SeenError): string {
  return `${operation}/${errcode}`;
}

function toAnswer({ operation, errcode, count, lastAtMs }: SeenError): WecomErrorAnswer {
  return { operation, errcode, count, lastAt: toIso(lastAtMs) };
}
