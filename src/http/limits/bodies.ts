/**
 * Reads request bodies as bytes. It does so on routes that take a body, after the gate has let the caller in. Each route has a
 * limit, and all callers together have a budget. A body that no route takes is dropped as it arrives, so a caller who sends
 * half a body and waits holds no memory.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { toAddressKey } from '../request/address.js';
import type { Refusals } from './refusals.js';
import { type BodyBudget, BYTES_FREE, PIECE_BYTES } from './body-budget.js';
import { dropBody } from './drop-body.js';
import { extendRouteConfig } from '../routes/route-config.js';

/**
 * `callback`: WeCom's XML under any content type. `json`: JSON, unparsed. `streamed`: a long body is not read; the route reads it
 * from `request.bodyStream`.
 */
export type BodyKind = 'callback' | 'json' | 'streamed';

declare module 'fastify' {
  interface FastifyContextConfig {
    takesBody?: BodyKind;
  }
  interface FastifyRequest {
    /** The unread body, on a route of kind `streamed`. `null` when there is none, or when it is short and read into `body`. */
    bodyStream: Readable | null;
  }
}

/** A body that must be JSON, unparsed: the route parses it, since some routes count their refusals. */
export interface JsonBytes {
  readonly contentType: string | undefined;
  readonly bytes: Buffer;
}

/** Bodies up to this size are read whole on every route, which costs less than streaming them. */
export const WHOLE_BODY_BYTES_MAX = 65_536;
/** The largest of our bodies has 4 kB; parsing a megabyte would block the event loop. */
const JSON_BYTES_MAX = 65_536;
const RETRY_AFTER_S = 1;

/** States that the route takes a body; without it `request.body` is `undefined`. */
export function TakesBody(kind: BodyKind): MethodDecorator {
  return extendRouteConfig({ takesBody: kind });
}

export interface BodyLimits {
  readonly callbackBytesMax: number;
  readonly streamedBytesMax: number;
}

type Done = (error: Error | null, body?: Buffer | JsonBytes) => void;

export class Bodies {
  readonly #bytesMax: Readonly<Record<BodyKind, number>>;

  /** @param refusals knows the addresses whose long callbacks are not read. */
  constructor(
    { callbackBytesMax, streamedBytesMax }: BodyLimits,
    private readonly budget: BodyBudget,
    private readonly refusals: Pick<Refusals, 'findTooMany'>,
  ) {
    this.#bytesMax = {
      callback: callbackBytesMax,
      json: JSON_BYTES_MAX,
      streamed: streamedBytesMax,
    };
  }

  /** Call it before any route is added. */
  read(fastify: FastifyInstance): void {
    fastify.decorateRequest('bodyStream', null);
    // WeCom's XML comes under several types or none, and a raw callback is passed on byte for byte.
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', (request, payload, done) => this.#read(request, payload, done));
  }

  #read(request: FastifyRequest, payload: Readable, done: Done): void {
    const kind = request.routeOptions.config?.takesBody;
    if (kind === undefined) {
      dropBody(request.raw);
      return done(null);
    }
    const { 'content-length': announced } = request.headers;
    const length = Number(announced);
    const bytesMax = this.#bytesMax[kind];
    if (length > bytesMax) return done(tooLarge(bytesMax));
    const refusal = length > BYTES_FREE ? this.#refusalOf(request) : null;
    if (refusal !== null) done(refusal);
    else if (kind === 'streamed' && length > WHOLE_BODY_BYTES_MAX) passOn(request, payload, done);
    else if (length > BYTES_FREE && this.budget.isSpent(toAddressKey(request.ip), length)) done(tooMany());
    else if (kind === 'streamed') this.#readStart(request, payload, bytesMax, done);
    else this.#readWhole(request, payload, bytesMax, kind === 'json' ? asJson(request, done) : done);
  }

  /** Why a long body is not read; `null` when it is read. WeCom's own callbacks are never long. */
  #refusalOf({ routeOptions, ip }: FastifyRequest): AppError | null {
    return routeOptions.config?.takesBody === 'callback' ? this.refusals.findTooMany(ip) : null;
  }

  /** The length may be unknown. A body that turns out to be short is read whole; a longer one is passed on with its start. */
  #readStart(request: FastifyRequest, payload: Readable, bytesMax: number, done: Done): void {
    this.#readWhole(request, payload, Math.min(bytesMax, WHOLE_BODY_BYTES_MAX), done, (start) => {
      if (start.length > bytesMax) return done(tooLarge(bytesMax));
      payload.pause();
      payload.unshift(start);
      passOn(request, payload, done);
    });
  }

  #readWhole(
    request: FastifyRequest,
    payload: Readable,
    bytesMax: number,
    done: (error: Error | null, body?: Buffer) => void,
    takeLonger: (start: Buffer) => void = () => done(tooLarge(bytesMax)),
  ): void {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let held = 0;
    let address: string | null = null;
    const stop = (): void => {
      payload.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      this.budget.free(held, address);
    };
    const end = (error: Error | null, body?: Buffer): void => {
      stop();
      done(error, body);
    };
    const onData = (piece: Buffer): void => {
      pieces.push(piece);
      bytes += piece.length;
      held += piece.length + PIECE_BYTES;
      this.budget.hold(piece.length + PIECE_BYTES, address);
      if (address === null && held > BYTES_FREE) {
        address = toAddressKey(request.ip);
        this.budget.assign(held, address);
      }
      const refusal =
        bytes - piece.length <= BYTES_FREE && bytes > BYTES_FREE ? this.#refusalOf(request) : null;
      if (refusal !== null) end(refusal);
      else if (bytes > bytesMax) {
        stop();
        takeLonger(Buffer.concat(pieces, bytes));
      } else if (address !== null && this.budget.isSpent(address)) end(tooMany());
    };
    // A copy, since Node's pieces may be views of a much larger buffer.
    const onEnd = (): void => end(null, Buffer.concat(pieces, bytes));
    const onGone = (): void => end(new AppError('REQUEST_MALFORMED', { detail: 'the body is not complete' }));
    payload.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  }
}

function passOn(request: FastifyRequest, payload: Readable, done: Done): void {
  request.bodyStream = payload;
  done(null);
}

function asJson({ headers }: FastifyRequest, done: Done): (error: Error | null, bytes?: Buffer) => void {
  return (error, bytes) => done(error, bytes && { contentType: headers['content-type'], bytes });
}

function tooMany(): AppError {
  return new AppError('REQUEST_BODIES_TOO_MANY', { retryAfterS: RETRY_AFTER_S });
}

function tooLarge(bytesMax: number): AppError {
  return new AppError('REQUEST_BODY_TOO_LARGE', { detail: `at most ${bytesMax} bytes` });
}
