import { Controller, Get, Query } from '@nestjs/common';
import type { AuditEntry } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { StoreClock } from '../kernel/store-clock.js';
import { type AuditEntryAnswer, type AuditPageAnswer, AUDIT, AuditQueryDto } from './audit.dto.js';
import { toIso } from '../http/answers/times.js';
import { limitOf, readCursor, toCursor } from '../http/answers/page-query.dto.js';

/** What operators did. */
@Controller('api/v1/audit')
@ApiTags('operators')
export class AuditController {
  constructor(
    private readonly log: AuditLog,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * List what operators did.
   * @remarks
   * The newest first: each call of this API that may change something, each sign-in and sign-out of the console, and sign-ins
   * that failed, at most 20 an hour of each replica. Of one operator there are at most 100 an hour of sign-ins and sign-outs, and
   * 100 of calls that were refused. Further ones are counted by address, in one entry each. Kept for 90 days, and the last 100,000 of them. A page may be empty and
   * yet have a `nextCursor`.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of entries.' })
  @Errors('STORE_UNAVAILABLE')
  async listAudit(@Query() query: AuditQueryDto): Promise<AuditPageAnswer> {
    const { operator = null, since } = query;
    const filter = { operator, sinceMs: since === undefined ? null : Date.parse(since) };
    const nowMs = this.storeClock.nowMs();
    const page = await this.log.search(filter, readCursor(AUDIT, query), limitOf(query), nowMs);
    return { items: page.entries.map(toAnswer), nextCursor: toCursor(AUDIT, page.nextBefore) };
  }
}

function toAnswer({ atMs, ...same }: AuditEntry): AuditEntryAnswer {
  return { ...same, at: toIso(atMs) };
}
