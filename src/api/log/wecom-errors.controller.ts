import { Controller, Get, Query } from '@nestjs/common';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags } from '../../http/answers/swagger.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import type { FailedCall } from '../../wecom/outcomes/failed-calls.js';
import { type ErrorCount, errorKey } from '../../wecom/outcomes/wecom-errors.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import {
  type FailedCallAnswer,
  type FailedCallPageAnswer,
  type SeenWecomErrorAnswer,
  type SeenWecomErrorPageAnswer,
  FAILED_CALLS,
  FailedCallsQueryDto,
  WECOM_ERRORS,
  WecomErrorsQueryDto,
} from './wecom-errors.dto.js';
import { toIso } from '../../http/answers/times.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** Calls that WeCom refused, or that the manager refused in WeCom's name. */
@Controller('api/v1/wecom-errors')
@ApiTags('operators')
export class WecomErrorsController {
  constructor(
    private readonly wecom: WecomMetrics,
    private readonly accounts: Accounts,
  ) {}

  /**
   * List refused calls to WeCom.
   * @remarks
   * By errcode, for all replicas, as far back as 7 days before this one started. Counts of other replicas are up to a minute old.
   * Calls that the manager refused in WeCom's name are included.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of errors.' })
  listWecomErrors(@Query() query: WecomErrorsQueryDto): SeenWecomErrorPageAnswer {
    const after = readCursor(WECOM_ERRORS, query) ?? '';
    const rest = this.wecom.errors.list().filter((error) => errorKey(error) > after);
    const page = rest.slice(0, limitOf(query));
    const last = page.at(-1);
    const end = rest.length > page.length && last !== undefined ? errorKey(last) : null;
    return { items: page.map(toAnswer), nextCursor: toCursor(WECOM_ERRORS, end) };
  }

  /**
   * List failed calls by corp, bot, account and API.
   * @remarks
   * Those of the last 24 hours by the hour, for all replicas, the latest first. Counts of other replicas are up to a minute
   * old. A call that got no answer from WeCom has failed, too. Requests that the manager answered from memory are not
   * included.
   */
  @Get('calls')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of failed calls.' })
  listFailedCalls(@Query() query: FailedCallsQueryDto): FailedCallPageAnswer {
    const { corpId, openKfId } = query;
    const all = this.wecom.failedCalls
      .list()
      .filter(
        (call) =>
          (corpId === undefined || call.corpId === corpId) &&
          (openKfId === undefined || call.openKfId === openKfId),
      );
    const offset = Number(readCursor(FAILED_CALLS, query) ?? 0);
    const end = offset + limitOf(query);
    const items = all
      .slice(offset, end)
      .map((call) => toFailedCall(call, this.accounts.nameOf(call.openKfId)));
    const nextCursor = toCursor(FAILED_CALLS, end < all.length ? String(end) : null);
    return { items, nextCursor };
  }
}

function toAnswer({ operation, errcode, count, lastAtMs }: ErrorCount): SeenWecomErrorAnswer {
  return { operation, errcode, count, lastAt: toIso(lastAtMs) };
}

function toFailedCall({ lastAtMs, hours, ...call }: FailedCall, name: string | null): FailedCallAnswer {
  return { ...call, name, lastAt: toIso(lastAtMs), hours: [...hours] };
}
