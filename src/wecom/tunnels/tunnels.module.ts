import { Module } from '@nestjs/common';
import { TunnelAdmission } from './tunnel-admission.js';
import { TunnelDialler } from './tunnel-dialler.js';
import { TunnelLog } from './tunnel-log.js';
import { TunnelMetrics } from './tunnel-metrics.js';
import { TunnelRefusals } from './tunnel-refusals.js';
import { TunnelServer } from './tunnel-server.js';
import { Tunnels } from './tunnels.js';

/** Tunnels of programs to WeCom. */
@Module({
  providers: [
    TunnelAdmission,
    TunnelDialler,
    TunnelLog,
    TunnelMetrics,
    TunnelRefusals,
    TunnelServer,
    Tunnels,
  ],
})
export class TunnelsModule {}
