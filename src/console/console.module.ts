import { Module } from '@nestjs/common';
import { CONFIG, type Config, secretsOf } from '../config/config.js';
import { Sessions } from '../http/sessions.js';
import { Clock } from '../kernel/clock.js';
import { ConsoleController } from './console.controller.js';
import { SessionController } from './session.controller.js';

/** The console's files, and the sessions of whoever uses it. */
@Module({
  controllers: [ConsoleController, SessionController],
  providers: [
    {
      provide: Sessions,
      useFactory: (config: Config, clock: Clock) => new Sessions(secretsOf(config, 'operator'), clock),
      inject: [CONFIG, Clock],
    },
  ],
})
export class ConsoleModule {}
