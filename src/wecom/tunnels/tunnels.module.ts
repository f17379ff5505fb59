import { Module } from '@nestjs/common';
import { TunnelDialler } from './tunnel-dialler.js';
import { TunnelLog } from './tunnel-log.js';
import { TunnelMetrics } from './tunnel-metrics.js';
import { Tunnels } from './tunnels.js';

/** Tunnels of programs to WeCom. Nothing else uses it. */
@Module({
  providers: [TunnelDialler, TunnelLog, TunnelMetrics, Tunnels],
  exports: [Tunnels],
})
export class TunnelsModule {}
