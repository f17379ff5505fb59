import { Module } from '@nestjs/common';
import { GuideController } from './guide.controller.js';
import { OpenapiController } from './openapi.controller.js';

@Module({ controllers: [OpenapiController, GuideController] })
export class OpenapiModule {}
