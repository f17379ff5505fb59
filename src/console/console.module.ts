import { Module } from '@nestjs/common';
import { ConsoleController } from './console.controller.js';
import { SessionController } from './session.controller.js';

/** The console's files, and the sessions of its users. */
@Module({ controllers: [ConsoleController, SessionController] })
export class ConsoleModule {}
