import { Controller, Get, Query } from '@nestjs/common';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags } from '../../http/answers/swagger.js';
import type { HistoryAnswer } from './history-answer.dto.js';
import { HistoryQueryDto } from './history.dto.js';
import { toIso } from '../../http/answers/times.js';
import { History } from '../../insight/figures/history.js';

@Controller('api/v1/history')
@ApiTags('operators')
export class HistoryController {
  constructor(private readonly history: History) {}

  /**
   * Show what was delivered, kept and refused over time.
   * @remarks
   * Figures of all replicas, oldest first, for up to three days: 1 h by the minute, 6 h in intervals of 2 min, 24 h of 10 min,
   * 3 d of 30 min. The last interval is under way. Its current minute has only the figures of this replica.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The intervals of the range.' })
  async getHistory(@Query() { range }: HistoryQueryDto): Promise<HistoryAnswer> {
    const { intervalMs, isStored, intervals } = await this.history.of(range ?? '1h');
    const items = intervals.map(({ atMs, figures }) => ({ at: toIso(atMs), ...figures }));
    return { intervalS: intervalMs / 1_000, isStored, items };
  }
}
