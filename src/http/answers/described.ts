/**
 * What the OpenAPI document says of a route besides its types, its rules and the comment above it. Only the build reads
 * it; the decorators of @nestjs/swagger would load that package wherever the manager runs.
 */
import { SetMetadata } from '@nestjs/common';
import type { ErrorCode } from '../../kernel/error-table.js';

/** The readers that a route is documented for. */
export const TAGS = {
  puppets: 'Bots: how they register, and reach WeCom through the manager.',
  gateways: 'Gateways that open callbacks themselves.',
  wecom: 'What WeCom calls.',
  operators: 'What is registered, waits or failed, and how to mend it.',
  monitoring: 'Probes and metrics.',
  bots: 'Bots that an operator added, with their keys.',
  replicas: 'What replicas tell each other; with a key of their own, which nobody else has.',
  console: 'The web console.',
  documents: 'This document.',
} as const;

export type Tag = keyof typeof TAGS;

/** Whatever its constructor takes. */
export type Class = new (...args: never[]) => object;

/** A JSON Schema of OpenAPI 3.1. */
export type Schema = Readonly<Record<string, unknown>>;

/** The content of a body or an answer, by media type. */
export type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly example?: unknown; readonly examples?: unknown }>
>;

export interface Answer {
  readonly description: string;
  /** In place of what the handler returns; of several it is any one. */
  readonly types?: readonly Class[];
  /** JSON, where it is left out. */
  readonly mediaType?: string;
  /** In place of one made of the examples of its properties. @param exampleOf is given that of a class. */
  readonly example?: (exampleOf: (type: Class) => object) => object;
  /** In place of the three above. */
  readonly content?: Content;
  /** Names from `components/headers`. */
  readonly headers?: readonly string[];
}

/** By status, or `default`. */
export type AnswersByStatus = Readonly<Record<number | 'default', Answer | string>>;

/** The parts of a request that a handler reads itself, without `@Query()`, `@Param()` and `@Body()`. */
export interface Reading {
  readonly params?: Class;
  readonly query?: Class;
  readonly headers?: readonly Schema[];
  /** JSON. */
  readonly body?: Class;
  /** In place of it. */
  readonly content?: Content;
  readonly isContentOptional?: boolean;
}

export const DESCRIBED = {
  tags: 'wxkf:tags',
  answers: 'wxkf:answers',
  errors: 'wxkf:errors',
  reading: 'wxkf:reading',
} as const;

/** The tags of a controller, or of a handler; a handler's replace its controller's. */
export function Tags(...tags: [Tag, ...Tag[]]): ClassDecorator & MethodDecorator {
  return SetMetadata(DESCRIBED.tags, tags);
}

/** The answers that are not errors. */
export function Answers(answers: Partial<AnswersByStatus>): MethodDecorator {
  return SetMetadata(DESCRIBED.answers, answers);
}

/** The route's own, in addition to those of all routes of its kind. */
export function Errors(...codes: ErrorCode[]): MethodDecorator {
  return SetMetadata(DESCRIBED.errors, codes);
}

export function Reads(reading: Reading): MethodDecorator {
  return SetMetadata(DESCRIBED.reading, reading);
}
