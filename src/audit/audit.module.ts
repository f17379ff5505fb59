import { Module } from '@nestjs/common';
import { AuditedCalls } from '../http/access/audit-hook.js';
import { AuditLog } from './audit-log.js';
import { AuditMetrics } from './audit-metrics.js';
import { AuditTrail } from './audit-trail.js';

/** Its journal comes from the storage module, which is global. */
@Module({
  providers: [AuditLog, AuditMetrics, AuditTrail, { provide: AuditedCalls, useExisting: AuditTrail }],
  exports: [AuditLog, AuditedCalls],
})
export class AuditModule {}
