import { applyDecorators } from '@nestjs/common';
import { IsISO8601, Matches, type ValidationArguments } from 'class-validator';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;

const must = {
  message: ({ property }: ValidationArguments) => `${property} must be a time like 2026-01-02T03:04:05.678Z`,
};

/** Whether the day exists, in UTC. */
export function IsTime(): PropertyDecorator {
  return applyDecorators(Matches(TIME, must), IsISO8601({ strict: true }, must));
}
