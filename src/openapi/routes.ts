/** The handlers of the application, with what their decorators say of each. */
import { Body, Param, Query } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { FastifyContextConfig } from 'fastify';
import { routeConfigOf } from '../http/routes/route-config.js';
import {
  type AnswersByStatus,
  type Class,
  DESCRIBED,
  type Reading,
  type Tag,
} from '../http/answers/described.js';
import type { ErrorCode } from '../kernel/error-table.js';

export interface Route {
  readonly config: FastifyContextConfig;
  readonly tags: readonly Tag[];
  readonly answers: Partial<AnswersByStatus>;
  readonly errors: readonly ErrorCode[];
  readonly reading: Reading;
}

/** By the name of the handler, which is the operation's id, too. */
export function routesOf(modules: ModulesContainer): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const scanner = new MetadataScanner();
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  for (const { metatype } of controllers) {
    const prototype = metatype?.prototype as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name] as object;
      const config = routeConfigOf(handler);
      if (config === undefined) continue;
      if (routes.has(name)) throw new Error(`two handlers have the name ${name}`);
      const metadataOf = (key: string): unknown => Reflect.getMetadata(key, handler);
      const tags = metadataOf(DESCRIBED.tags) ?? Reflect.getMetadata(DESCRIBED.tags, metatype as object);
      const [answers, errors = []] = [metadataOf(DESCRIBED.answers), metadataOf(DESCRIBED.errors)];
      if (answers === undefined || tags === undefined) throw new Error(`${name} has no answers or no tags`);
      const reading = (metadataOf(DESCRIBED.reading) ?? {}) as Reading;
      routes.set(name, { config, tags, answers, errors, reading } as Route);
      bind(prototype, name, reading);
    }
  }
  return routes;
}

/** As if the handler were given what it reads by itself. */
function bind(prototype: object, name: string, { params, query, body }: Reading): void {
  const types: Class[] = Reflect.getMetadata('design:paramtypes', prototype, name);
  const add = (decorator: ParameterDecorator, type: Class | undefined): void => {
    if (type === undefined) return;
    decorator(prototype, name, types.length);
    types.push(type);
  };
  add(Param(), params);
  add(Query(), query);
  add(Body(), body);
}
