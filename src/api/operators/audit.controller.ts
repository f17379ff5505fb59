import { Controller, Get, Query } from '@nestjs/common';
import type { AuditEntry } from '../../audit/audit-entry.js';
import { AuditLog } from '../../audit/audit-log.js';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type AuditEntryAnswer, type AuditPageAnswer, AUDIT, AuditQueryDto } from './audit.dto.js';
import { toIso } from '../../http/answers/times.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

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
   * Newest first: calls of this API that may change something, sign-ins and sign-outs of the console, and failed sign-ins. Some
   * are limited. Each replica lists 20 failed sign-ins an hour, and for each operator 100 sign-ins and sign-outs and 100
   * refused calls an hour. Further ones are counted in one entry for each address. Entries are kept for 90 days, and at most
   * the last 100,000. A page may be empty and still have a `nextCursor`.
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
