import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { NobodyModule } from '../../test/support/nobody.js';
import { loadConfig } from '../config/config.js';
import { KernelModule } from '../kernel/kernel.module.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { HttpModule } from './http.module.js';
import { createHttpServer } from './server.js';

let application: NestFastifyApplication;
let server: Server;

async function listen(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const [config, log] = [loadConfig(env), pino({ level: 'silent' })];
  const made = createHttpServer(config, log);
  const imports = [
    KernelModule.forRoot(log, new Lifecycle()),
    HttpModule.forRoot(config, made, [NobodyModule]),
  ];
  const options = { logger: false, abortOnError: false, bodyParser: false } as const;
  const module = { module: class Application {}, imports };
  application = await NestFactory.create<NestFastifyApplication>(module, made.adapter, options);
  const fastify = made.adapter.getInstance<FastifyInstance>();
  fastify.route({
    method: ['GET', 'POST'],
    url: '/ip',
    config: { allowedCallers: 'anyone', takesBody: 'json' },
    handler: ({ ip }) => ({ ip }),
  });
  await application.listen(0, '127.0.0.1');
  server = fastify.server;
}

beforeEach(() => listen());

afterEach(() => application.close());

function portOf(one: Server): number {
  const address = one.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('waits 10 s for the headers of a request and 60 s for all of it', () => {
  expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 60_000]);
});

it.each([
  ['nothing', ''],
  ['half a head', 'POST /ip HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  ['half a body', 'POST /ip HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Length: 100\r\n\r\nhalf'],
])('answers 408 when no more than %s comes in time', async (_what, sent) => {
  // Node reads them at each look at its connections, by its own clock, which no test can move.
  server.headersTimeout = 250;
  server.requestTimeout = 500;
  const socket = connect(portOf(server), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(sent);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 .*"error":"REQUEST_TIMEOUT"/s);
});

it.each([
  [{}, '10.0.0.9', '127.0.0.1'],
  [{ TRUST_PROXY: '10.0.0.1' }, '10.0.0.9', '127.0.0.1'],
  [{ TRUST_PROXY: '127.0.0.1' }, '10.0.0.9', '10.0.0.9'],
  [{ TRUST_PROXY: '127.0.0.0/8' }, '10.66.6.6, 10.0.0.9', '10.0.0.9'],
  [{ TRUST_PROXY: '127.0.0.0/8,10.0.0.9' }, '10.66.6.6, 10.0.0.9', '10.66.6.6'],
  [{ TRUST_PROXY: '127.0.0.0/8' }, 'unknown', 'unknown'],
])('with %j a request forwarded for %s is of %s', async (env, forwardedFor, ip) => {
  await application.close();
  await listen(env);
  const headers = { 'x-forwarded-for': forwardedFor };
  const response = await fetch(`http://127.0.0.1:${portOf(server)}/ip`, { headers });
  expect(await response.json()).toEqual({ ip });
});
