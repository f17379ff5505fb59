import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AccountsSeed } from './accounts-seed.js';
import { CallbackController } from './callback.controller.js';
import { CallbackService } from './callback.service.js';
import { Puppet, PuppetSchema } from './puppet.schema.js';

@Module({
  imports: [
    MongooseModule.forRoot(process.env.MONGO_URI ?? '', { dbName: process.env.MONGO_DB ?? 'wxkf-bench' }),
    MongooseModule.forFeature([{ name: Puppet.name, schema: PuppetSchema }]),
    HttpModule.register({ timeout: 5000, maxRedirects: 0 }),
  ],
  controllers: [CallbackController],
  providers: [CallbackService, AccountsSeed],
})
export class AppModule {}
