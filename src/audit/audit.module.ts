import { Module } from '@nestjs/common';
import { AuditMetrics } from './audit-metrics.js';
import { AuditTrail } from './audit-trail.js';

/** Its log comes from the storage module, which is global. */
@Module({ providers: [AuditMetrics, AuditTrail], exports: [AuditTrail] })
export class AuditModule {}
