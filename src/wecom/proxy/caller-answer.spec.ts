import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { CallerAnswer } from './caller-answer.js';

const HEAD = { status: 200, statusText: 'OK', headers: ['X-Of-WeCom', '1', 'x-of-wecom', '2'] };

let app: FastifyInstance;
let answers: (answer: CallerAnswer) => unknown;

beforeEach(async () => {
  app = fastify();
  app.get('/', async (_request, reply) => {
    reply.header('x-of-the-route', 1).header('connection', 'close');
    await answers(new CallerAnswer(reply));
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
});

afterEach(() => app.close());

function openSocket() {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

it('is written with the headers as they came, and those of the route', async () => {
  const head = { ...HEAD, headers: [...HEAD.headers, 'Content-Length', '4'] };
  answers = (answer) => answer.whole(head, Buffer.from([0, 0x80, 0xff, 0x0a]));
  const bytes = Buffer.concat(await openSocket().toArray());
  const text = bytes.toString('latin1');
  expect(text).toMatch(
    /^HTTP\/1\.1 200 OK\r\nX-Of-WeCom: 1\r\nx-of-wecom: 2\r\nContent-Length: 4\r\nx-of-the-route: 1\r\nconnection: close\r\n/,
  );
  expect(text.endsWith('\r\n\r\n\x00\x80\xff\n')).toBe(true);
});

it.each<[string, (answer: CallerAnswer) => void]>([
  [
    'in pieces',
    (answer) => {
      answer.begin(HEAD);
      answer.write(Buffer.from('a'));
      answer.end();
    },
  ],
  ['whole', (answer) => answer.whole(HEAD, Buffer.from('a'))],
])('to a caller that is gone does no harm, given %s', async (_how, give) => {
  const arrived = Promise.withResolvers<CallerAnswer>();
  const given = Promise.withResolvers<boolean>();
  answers = async (answer) => {
    arrived.resolve(answer);
    await new Promise<void>((resolve) => answer.whenOver(resolve));
    give(answer);
    await turn();
    given.resolve(answer.isGone);
  };
  const socket = openSocket();
  expect((await arrived.promise).isGone).toBe(false);
  socket.destroy();
  expect(await given.promise).toBe(true);
});

it('that is cut ends the connection without an end', async () => {
  answers = (answer) => {
    answer.begin({ ...HEAD, headers: ['Content-Length', '9'] });
    answer.write(Buffer.from('half'));
    setImmediate(() => answer.cut());
  };
  const socket = openSocket();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  expect(text).toMatch(/\r\n\r\nhalf$/);
});

it('has its head sent at once where it is told to, byte for byte', async () => {
  let finish = () => {};
  answers = (answer) => {
    answer.begin({ ...HEAD, headers: ['X-Latin', 'caf\xe9'] });
    answer.flushHead();
    finish = () => answer.end();
  };
  const socket = openSocket();
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\nX-Latin: caf\xe9\r\n/);
  finish();
  await socket.toArray();
});
