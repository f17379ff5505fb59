import { Module } from '@nestjs/common';
import { OperatorDirectory } from '../http/access/operator-directory.js';
import { KnownOperators } from './known-operators.js';
import { OperatorSync } from './operator-sync.js';
import { OperatorsService } from './operators.service.js';

/** Its records come from the storage module, which is global. */
@Module({
  providers: [
    KnownOperators,
    OperatorSync,
    OperatorsService,
    { provide: OperatorDirectory, useExisting: KnownOperators },
  ],
  exports: [KnownOperators, OperatorSync, OperatorsService, OperatorDirectory],
})
export class OperatorsModule {}
