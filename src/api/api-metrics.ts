import { Injectable } from '@nestjs/common';
import { Metrics, only } from '../metrics/metrics.js';
import { FailingReplies } from './failing-replies.js';

/** What the console's verdict says of all replicas, for the alerts. */
@Injectable()
export class ApiMetrics {
  constructor(metrics: Metrics, replies: FailingReplies) {
    metrics.reads(
      'gauge',
      'wxkf_failing_reply_accounts',
      'Accounts of which no reply goes out, through whichever replica: the last ones failed.',
      () => only(replies.list().failing.length),
    );
  }
}
