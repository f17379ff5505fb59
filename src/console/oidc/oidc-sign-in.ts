import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import type { OidcSettings } from '../../config/oidc.js';
import { FailedAttempts } from '../../http/limits/failed-attempts.js';
import type { ConfirmedOperator } from '../../http/access/sessions.js';
import { toAddressKey } from '../../http/request/address.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import type { Secret } from '../../kernel/secret.js';
import { toConfirmedOperator } from './confirmed-operator.js';
import { oidcConfig } from './oidc.config.js';
import { OidcProvider } from './oidc-provider.js';
import { FlowSealer, newFlow, type SignInFlow } from './sign-in-flow.js';

/** Sign-ins that may come back to one address within a minute. Each of them calls the provider, and anybody can begin one. */
const ASKED_MAX = 30;

/** Sign-in by the OpenID provider of the settings. Its two requests may come to two replicas. */
@Injectable()
export class OidcSignIn {
  readonly #settings: OidcSettings | null;
  readonly #sealer: FlowSealer | null;
  readonly #asked: FailedAttempts;

  constructor(
    @Inject(oidcConfig.KEY) { provider: settings }: ConfigType<typeof oidcConfig>,
    private readonly provider: OidcProvider,
    private readonly clock: Clock,
  ) {
    this.#settings = settings;
    this.#sealer = settings === null ? null : new FlowSealer(settings);
    this.#asked = new FailedAttempts(clock);
  }

  /** The protocol by which browsers reach the console, for the cookie. It comes from `PUBLIC_URL`, not from a proxy's headers. */
  get protocol(): FastifyRequest['protocol'] {
    return this.#on().settings.publicUrl.protocol === 'https:' ? 'https' : 'http';
  }

  /**
   * @param to the page of the console to show afterwards.
   * @throws AppError `AUTH_OIDC_OFF`, `AUTH_OIDC_UNREACHABLE`
   */
  async begin(to: string): Promise<{ readonly address: URL; readonly flow: Secret }> {
    const { settings, sealer } = this.#on();
    const flow = newFlow(to, this.clock.nowMs());
    return { address: await this.provider.addressFor(flow, settings), flow: sealer.seal(flow) };
  }

  /**
   * Opens the sign-in that this browser began.
   * @param query the query with which the browser came back.
   * @param sealed the cookie that `begin` gave this browser.
   * @throws AppError `AUTH_OIDC_OFF`, `AUTH_OIDC_NOT_BEGUN`
   */
  find(query: string, sealed: string): SignInFlow {
    const flow = this.#on().sealer.open(sealed, this.clock.nowMs());
    if (flow !== null && new URLSearchParams(query).get('state') === flow.state) return flow;
    throw new AppError('AUTH_OIDC_NOT_BEGUN');
  }

  /** @throws AppError `AUTH_OIDC_…` */
  async finish(query: string, flow: SignInFlow, address: string): Promise<ConfirmedOperator> {
    const { settings } = this.#on();
    const { count, leftS } = this.#asked.add(toAddressKey(address));
    if (count > ASKED_MAX) throw new AppError('AUTH_OIDC_TOO_MANY', { retryAfterS: leftS });
    return toConfirmedOperator(await this.provider.confirm(query, flow, settings), settings);
  }

  #on(): { readonly settings: OidcSettings; readonly sealer: FlowSealer } {
    if (this.#settings === null || this.#sealer === null) throw new AppError('AUTH_OIDC_OFF');
    return { settings: this.#settings, sealer: this.#sealer };
  }
}
