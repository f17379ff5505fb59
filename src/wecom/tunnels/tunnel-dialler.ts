import { lookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type Authority, parseAuthority, toAuthorityText } from '../../config/authority.js';
import { type ForwardProxy, forwardProxyFor } from '../../config/forward-proxy.js';
import { toPlainHost } from '../../config/host-name.js';
import { proxyFaultOf, TUNNEL_FAILED } from '../../http/outgoing/forward-proxy.js';
import { connectDirectly, connectThrough, type DialOptions } from '../../http/outgoing/plain-connection.js';
import type { OwnAddresses } from './own-addresses.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { tunnelsConfig } from './tunnels.config.js';

const DIAL_MS = 5_000;
const HTTPS_PORT = 443;

/** Opens connections to WeCom for tunnels. It never connects to the manager itself. */
@Injectable()
export class TunnelDialler {
  /** The only host and port that bots may ask for. */
  readonly target: Authority;
  readonly #dialled: Authority;
  readonly #proxy: ForwardProxy | null;

  constructor(
    @Inject(tunnelsConfig.KEY) config: ConfigType<typeof tunnelsConfig>,
    private readonly clock: Clock,
  ) {
    this.target = { host: toPlainHost(config.wecomApiUrl.hostname), port: HTTPS_PORT };
    this.#dialled = parseAuthority(config.tunnelConnectTo ?? '') ?? this.target;
    this.#proxy = forwardProxyFor(config, new URL(`https://${toAuthorityText(this.#dialled)}`));
  }

  /**
   * @param via the header `Via` that a forward proxy is sent.
   * @param gone aborts the attempt.
   * @throws AppError `WECOM_UNREACHABLE` within 5 s, `TUNNEL_TO_ITSELF`
   */
  async dial(own: OwnAddresses, via: string, gone: AbortSignal): Promise<Socket> {
    const late = new AbortController();
    const timer = this.clock.after(DIAL_MS, () => late.abort(this.#toLateness()));
    try {
      return await this.#connect(own, via, AbortSignal.any([late.signal, gone]));
    } catch (error) {
      throw this.#toAppError(error);
    } finally {
      timer.cancel();
    }
  }

  #connect(own: OwnAddresses, via: string, signal: AbortSignal): Promise<Socket> {
    const { host, port } = this.#proxy === null ? this.#dialled : authorityOf(this.#proxy);
    if (isIP(host) !== 0 && own.has(host, port)) throw new AppError('TUNNEL_TO_ITSELF');
    const dialling: DialOptions = { lookup: lookupOthers(own, port), signal };
    return this.#proxy === null
      ? connectDirectly(host, port, dialling)
      : connectThrough(this.#proxy, toAuthorityText(this.#dialled), { via }, dialling);
  }

  #toLateness(): Error {
    const code = this.#proxy === null ? 'ETIMEDOUT' : TUNNEL_FAILED;
    return Object.assign(new Error(`no connection within ${DIAL_MS} ms`), { code });
  }

  #toAppError(error: unknown): AppError {
    if (error instanceof AppError) return error;
    const detail = proxyFaultOf(this.#proxy, error) ?? `no connection (${errorCodeOf(error) || 'unknown'})`;
    return new AppError('WECOM_UNREACHABLE', { detail, cause: error });
  }
}

function authorityOf(proxy: ForwardProxy): Authority {
  const { hostname, port, protocol } = new URL(proxy.url.reveal());
  return { host: toPlainHost(hostname), port: Number(port) || (protocol === 'https:' ? HTTPS_PORT : 80) };
}

/** Checks the addresses that the connection is about to use, so that a second lookup cannot give others. */
function lookupOthers(own: OwnAddresses, port: number): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      if (found.some(({ address }) => own.has(address, port))) {
        return done(new AppError('TUNNEL_TO_ITSELF'), []);
      }
      const [first] = found;
      if (options.all || first === undefined) done(null, found);
      else done(null, first.address, first.family);
    });
  };
}
