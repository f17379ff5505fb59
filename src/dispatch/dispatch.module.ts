import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { Dispatcher } from './dispatcher.js';
import { PuppetClient } from './puppet-client.js';

@Module({ imports: [RegistryModule], providers: [Dispatcher, PuppetClient], exports: [Dispatcher] })
export class DispatchModule {}
