import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../kernel/app-error.js';
import { LOG, type Log } from '../kernel/log.js';
import { AuditHook } from './access/audit-hook.js';
import { Gate } from './access/gate.js';
import { addBrowserHeaders } from './answers/browser-headers.js';
import { Bodies } from './limits/bodies.js';
import { ConnectionLimits } from './limits/connection-limits.js';
import { RequestLog } from './log/request-log.js';
import { noticeOfForwarding, TrustedProxies } from './request/trusted-proxies.js';
import { RouteTable } from './routes/route-table.js';

/** A media type (RFC 9110, 8.3.1). WeCom's XML is taken under any type, so a type of another form counts as left out. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

/** Adds what each request meets before its handler, in this order. Nest adds the routes after all constructors have run. */
@Injectable()
export class HttpEdge implements OnApplicationBootstrap {
  constructor(
    private readonly host: HttpAdapterHost,
    routes: RouteTable,
    bodies: Bodies,
    requestLog: RequestLog,
    gate: Gate,
    audit: AuditHook,
    private readonly connections: ConnectionLimits,
    proxies: TrustedProxies,
    @Inject(LOG) log: Log,
  ) {
    const noteForwarding = noticeOfForwarding(proxies, log);
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    connections.hold(fastify.server);
    routes.watch(fastify);
    bodies.read(fastify);
    requestLog.addTo(fastify);
    fastify.addHook('onRequest', (request, _reply, done) => {
      noteForwarding(request.raw);
      done(admit(request));
    });
    gate.addTo(fastify);
    audit.addTo(fastify);
    addBrowserHeaders(fastify);
  }

  /** This filter must be the last one: the others are added in `onModuleInit`. */
  onApplicationBootstrap(): void {
    this.connections.holdRequests(this.host.httpAdapter.getHttpServer());
  }
}

/** Handles requests that Fastify would refuse in its own words, or would refuse although their route takes them. */
function admit({ raw }: FastifyRequest): AppError | undefined {
  const { headers, httpVersion } = raw;
  if (headers.host === undefined && httpVersion !== '1.0') {
    return new AppError('REQUEST_MALFORMED', { detail: 'the header Host is missing' });
  }
  const type = headers['content-type'];
  if (type !== undefined && !MEDIA_TYPE.test(type)) delete headers['content-type'];
  return undefined;
}
