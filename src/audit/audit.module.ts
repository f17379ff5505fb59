import { Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { AuditMetrics } from './audit-metrics.js';
import { AuditTrail } from './audit-trail.js';

/** Its journal comes from the storage module, which is global. */
@Module({ providers: [AuditLog, AuditMetrics, AuditTrail], exports: [AuditLog, AuditTrail] })
export class AuditModule {}
