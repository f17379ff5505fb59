/** What the simulated WeCom can do instead of its usual answer. Each is for `server.behave(api, …)`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusal, sendAnswer } from '../../packages/simulator/api/answers.js';
import type { WecomCall } from './wecom-call.js';

export interface Exchange {
  readonly call: WecomCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Answers as if nothing had been said. */
  usual(): void;
}

/** Runs once the body is there, or with `isBeforeBody` at once; the body is then not read. */
export type Behaviour = ((exchange: Exchange) => void) & { readonly isBeforeBody?: boolean };

export const usual: Behaviour = (exchange) => exchange.usual();

/** Takes the request and never answers. */
export function hang(): Behaviour {
  return () => {};
}

/** Never reads the body, and never answers. */
export function stall(): Behaviour {
  return beforeBody(() => {});
}

/** Does `behaviour` while the body is still on its way. */
export function beforeBody(behaviour: Behaviour): Behaviour {
  return Object.assign((exchange: Exchange) => behaviour(exchange), { isBeforeBody: true });
}

export type Hold = Behaviour & {
  /** Resolves with the first call that is held. */
  readonly arrived: Promise<WecomCall>;
  /** Answers what is held; what comes from now on is answered at once. */
  release(): void;
};

/** Keeps answers back until they are released, which then are those of `then`. */
export function hold(then: Behaviour = usual): Hold {
  const arrived = Promise.withResolvers<WecomCall>();
  const held: Exchange[] = [];
  let isReleased = false;
  const behaviour: Behaviour = (exchange) => {
    arrived.resolve(exchange.call);
    if (isReleased) then(exchange);
    else held.push(exchange);
  };
  const release = () => {
    isReleased = true;
    for (const exchange of held.splice(0)) then(exchange);
  };
  return Object.assign(behaviour, { arrived: arrived.promise, release });
}

/** HTTP 200 with that errcode; `text` is what stands before the hint. */
export function answer(errcode: number, text?: string): Behaviour {
  return ({ response }) => sendAnswer(response, refusal(errcode, text));
}

/** Any answer at all. */
export function reply(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Behaviour {
  return ({ response }) => {
    response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
  };
}

/** The page of a gateway on the way. */
export function html(status = 502): Behaviour {
  const page = `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`;
  return reply(status, page, { 'Content-Type': 'text/html' });
}

export function hugeHeaders(bytes = 262_144): Behaviour {
  return reply(200, '{"errcode":0,"errmsg":"ok"}', { 'X-Padding': 'x'.repeat(bytes) });
}

/** The first `count` calls get `first`, all others `then`. */
export function times(count: number, first: Behaviour, then: Behaviour = usual): Behaviour {
  let left = count;
  return (exchange) => (left-- > 0 ? first : then)(exchange);
}

/** Ends the connection after the head of the answer and half of its body. */
export function cut(): Behaviour {
  const body = '{"errcode":0,"errmsg":"ok"}';
  return ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    response.write(body.slice(0, body.length / 2), () => response.destroy());
  };
}

/** Ends the connection before anything of an answer. */
export function drop(): Behaviour {
  return ({ response }) => void response.destroy();
}

/** Sends the head, and then one byte after another for ever. */
export function trickle(everyMs = 50): Behaviour {
  return ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    const timer = setInterval(() => response.write(' '), everyMs);
    response.once('close', () => clearInterval(timer));
  };
}

/** Sends as much as the caller takes, and has no end. */
export function flood(): Behaviour {
  const chunk = Buffer.alloc(65_536, ' ');
  return ({ response }) => {
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.on('drain', more);
    more();
  };
}
