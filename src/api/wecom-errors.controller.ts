import { Controller, Get, Query } from '@nestjs/common';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { Answers, Tags } from '../http/answers/described.js';
import { Accounts } from '../registry/accounts.js';
import type { FailedCall } from '../wecom/failed-calls.js';
import type { SeenError } from '../wecom/wecom-errors.js';
import { AllWecomErrors } from './all-wecom-errors.js';
import type {
  FailedCallAnswer,
  FailedCallPageAnswer,
  SeenWecomErrorAnswer,
  SeenWecomErrorPageAnswer,
} from './answers/wecom-error.dto.js';
import { toIso } from './api-time.js';
import { limitOf, readCursor, toCursor } from './page-query.dto.js';
import { FAILED_CALLS, FailedCallsQueryDto, WECOM_ERRORS, WecomErrorsQueryDto } from './wecom-errors.dto.js';

/** Calls that WeCom refused, or the manager in its name. */
@Controller('api/v1/wecom-errors')
@Tags('operators')
export class WecomErrorsController {
  constructor(
    private readonly wecom: AllWecomErrors,
    private readonly accounts: Accounts,
  ) {}

  /**
   * List refused calls to WeCom.
   * @remarks By errcode, of all replicas since each of them started, including calls that the manager refused in WeCom's name.
   */
  @Get()
  @AllowRoles('operator')
  @Answers({ 200: 'A page of errors.' })
  async listWecomErrors(@Query() query: WecomErrorsQueryDto): Promise<SeenWecomErrorPageAnswer> {
    const { errors, missing } = await this.wecom.read();
    const after = readCursor(WECOM_ERRORS, query) ?? '';
    const rest = errors.filter((error) => keyOf(error) > after);
    const page = rest.slice(0, limitOf(query));
    const last = page.at(-1);
    const end = rest.length > page.length && last !== undefined ? keyOf(last) : null;
    return {
      items: page.map(toAnswer),
      nextCursor: toCursor(WECOM_ERRORS, end),
      missingReplicas: missing,
    };
  }

  /**
   * List failed calls by corp, account and API.
   * @remarks
   * Of all replicas, by the hour, those seen last first. A call that got no answer of WeCom has failed, too; requests that the
   * manager answered from memory are not in it.
   */
  @Get('calls')
  @AllowRoles('operator')
  @Answers({ 200: 'A page of failed calls.' })
  async listFailedCalls(@Query() query: FailedCallsQueryDto): Promise<FailedCallPageAnswer> {
    const { corpId, openKfId } = query;
    const { calls, missing } = await this.wecom.read();
    const all = calls.filter(
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
    return { items, nextCursor, missingReplicas: missing };
  }
}

function keyOf({ operation, errcode }: SeenError): string {
  return `${operation}/${errcode}`;
}

function toAnswer({ operation, errcode, count, lastAtMs }: SeenError): SeenWecomErrorAnswer {
  return { operation, errcode, count, lastAt: toIso(lastAtMs) };
}

function toFailedCall(
  { lastAtMs, hours, hour: _, ...call }: FailedCall,
  name: string | null,
): FailedCallAnswer {
  return { ...call, name, lastAt: toIso(lastAtMs), hours: [...hours] };
}
