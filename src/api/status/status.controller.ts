import { Controller, Get } from '@nestjs/common';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags } from '../../http/answers/swagger.js';
import { CurrentStatus } from '../../insight/verdict/current-status.js';
import type { StatusAnswer } from './status.dto.js';
import { toStatusAnswer } from './status-answer.js';

/** The state of this replica. */
@Controller('api/v1')
@ApiTags('operators')
export class StatusController {
  constructor(private readonly status: CurrentStatus) {}

  /**
   * Show the state of this process.
   * @remarks
   * It has counts of the store, which are `null` while the store does not answer; counts of the last minute; and the verdict:
   * whether customers are being answered, and the causes if they are not.
   */
  @Get('status')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The status.' })
  async getStatus(): Promise<StatusAnswer> {
    const { status, verdict } = await this.status.read();
    return toStatusAnswer(status, verdict);
  }
}
