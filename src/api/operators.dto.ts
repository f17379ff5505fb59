import { IsOptional } from 'class-validator';
import { PickType } from '../http/answers/swagger.js';
import { OperatorDto } from '../operators/operator.dto.js';
import { IsCursorOf, PageQueryDto } from '../http/answers/page-query.dto.js';

export const OPERATORS = 'operators';

export class OperatorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(OPERATORS)
  readonly cursor?: string;
}

export class OperatorPathDto extends PickType(OperatorDto, ['name']) {}
