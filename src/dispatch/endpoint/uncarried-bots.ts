import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { LOG, type Log } from '../../kernel/log.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { RegistrySync } from '../../registry/sync/registry-sync.js';
import { BotEndpoints } from './bot-endpoint.js';

/** Tells at the start of bots that this manager cannot reach: they were made by one that has another carrier. */
@Injectable()
export class UncarriedBots implements OnApplicationBootstrap {
  constructor(
    private readonly registry: RegistrySync,
    private readonly bots: KnownBots,
    private readonly botEndpoints: BotEndpoints,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    void this.registry.whenLoaded().then(() => {
      for (const bot of this.bots.list())
        if (!this.botEndpoints.carries(bot))
          this.log.error({ botId: bot.id, kind: bot.kind }, 'bot.not_carried');
    });
  }
}
