import { Module } from '@nestjs/common';
import { KnownOperators } from './known-operators.js';
import { OperatorSync } from './operator-sync.js';
import { OperatorsService } from './operators.service.js';

/** Its repository comes from the storage module, which is global. */
@Module({
  providers: [KnownOperators, OperatorSync, OperatorsService],
  exports: [KnownOperators, OperatorSync, OperatorsService],
})
export class OperatorsModule {}
