/**
 * The OpenID provider of the settings, called by openid-client. The library is loaded and the provider's configuration is
 * fetched at the first sign-in, so that the manager starts without the provider.
 */
import { Injectable } from '@nestjs/common';
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import type { OidcSettings } from '../../config/oidc.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import type { Claims } from './confirmed-operator.js';
import { CALL_LIMIT_MS, OidcCalls, ProviderFault } from './oidc-calls.js';
import { challengeOf, type SignInFlow } from './sign-in-flow.js';

type Library = typeof import('openid-client');

/** The provider sends the browser back to this path, below `PUBLIC_URL`. */
export const CALLBACK_PATH = '/console/oidc/callback';
/** How long the provider's configuration is used. It is fetched again earlier when an ID token has an unknown key. */
const KNOWN_MS = 3_600_000;
/** How long a failed fetch is answered again. Anybody can begin a sign-in, and each would call the provider. */
const FAILED_MS = 5_000;

/** The provider's configuration; `null` with the reason when the fetch failed. */
interface FetchedConfiguration {
  readonly configuration: Configuration | null;
  readonly why: string;
  readonly untilMs: number;
}

@Injectable()
export class OidcProvider {
  /** The latest fetch, shared by all sign-ins; `null` when a new one is needed. Never rejects. */
  #asked: Promise<FetchedConfiguration> | null = null;

  constructor(
    private readonly calls: OidcCalls,
    private readonly clock: Clock,
  ) {}

  /** The provider's URL where the person signs in. @throws AppError `AUTH_OIDC_UNREACHABLE` */
  async addressFor(flow: SignInFlow, settings: OidcSettings): Promise<URL> {
    const library = await import('openid-client');
    const configuration = await this.#find(library, settings);
    return library.buildAuthorizationUrl(configuration, {
      redirect_uri: new URL(CALLBACK_PATH, settings.publicUrl).href,
      scope: settings.scopes,
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: challengeOf(flow),
      code_challenge_method: 'S256',
    });
  }

  /**
   * The claims about the person, from an ID token whose signature, issuer, audience, nonce and times are valid. If the token has
   * no groups or no name, the claims of UserInfo are added. If it has groups, UserInfo may refuse.
   * @param query the query with which the browser came back.
   * @throws AppError `AUTH_OIDC_UNREACHABLE`, `AUTH_OIDC_REFUSED`
   */
  async confirm(query: string, flow: SignInFlow, settings: OidcSettings): Promise<Claims> {
    const library = await import('openid-client');
    const configuration = await this.#find(library, settings);
    const callback = new URL(CALLBACK_PATH, settings.publicUrl);
    callback.search = query;
    try {
      const tokens = await library.authorizationCodeGrant(configuration, callback, {
        pkceCodeVerifier: flow.verifier,
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new library.ClientError('there is no ID token');
      const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
      if (saysAll(claims, settings) || !hasMore) return claims;
      const more = library.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      return {
        ...(await more.catch((error: unknown) => nothingIfOnlyName(error, claims, settings))),
        ...claims,
      };
    } catch (error) {
      if (error instanceof ProviderFault) throw unreachable(error.message);
      // The provider may have replaced its key. The next sign-in fetches the keys again.
      if (isOfKey(error)) this.#asked = null;
      throw new AppError('AUTH_OIDC_REFUSED', { internal: { why: reasonOf(library, error) } });
    }
  }

  async #find(library: Library, settings: OidcSettings): Promise<Configuration> {
    this.#asked ??= this.#ask(library, settings);
    const asking = this.#asked;
    const { configuration, why, untilMs } = await asking;
    if (untilMs <= this.clock.elapsedMs()) {
      if (this.#asked === asking) this.#asked = null;
      return this.#find(library, settings);
    }
    if (configuration === null) throw unreachable(why);
    return configuration;
  }

  async #ask(
    library: Library,
    { issuer, clientId, clientSecret }: OidcSettings,
  ): Promise<FetchedConfiguration> {
    const secret = clientSecret.reveal();
    // Every provider must accept Basic (RFC 6749, 2.3.1), and some accept nothing else.
    const authenticate: ClientAuth = (server, ...more) => {
      const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
      const isBasic = methods.includes('client_secret_basic');
      (isBasic ? library.ClientSecretBasic(secret) : library.ClientSecretPost(secret))(server, ...more);
    };
    const send: CustomFetch = (url, options) => this.calls.send(url, options);
    const execute = [library.enableNonRepudiationChecks];
    // The settings allow http only for an issuer on this machine.
    if (issuer.protocol === 'http:') execute.push(library.allowInsecureRequests);
    try {
      const configuration = await library.discovery(issuer as URL, clientId, undefined, authenticate, {
        [library.customFetch]: send,
        timeout: CALL_LIMIT_MS / 1_000,
        execute,
      });
      // For some providers with many customers, the library accepts another issuer.
      if (new URL(configuration.serverMetadata().issuer).href !== issuer.href)
        throw new library.ClientError('it names another issuer than OIDC_ISSUER');
      return { configuration, why: '', untilMs: this.clock.elapsedMs() + KNOWN_MS };
    } catch (error) {
      const why = error instanceof ProviderFault ? error.message : reasonOf(library, error);
      return { configuration: null, why, untilMs: this.clock.elapsedMs() + FAILED_MS };
    }
  }
}

/** Whether the ID token alone has the person's groups and a name. */
function saysAll(claims: Claims, { groupsClaim }: OidcSettings): boolean {
  const has = (claim: string): boolean => Object.hasOwn(claims, claim);
  return has(groupsClaim) && (has('preferred_username') || has('email'));
}

/** Ignores a refusal of UserInfo when only the name is missing. The person is then called by the subject. */
function nothingIfOnlyName(error: unknown, claims: Claims, { groupsClaim }: OidcSettings): Claims {
  if (codeOf(error) === 'OAUTH_RESPONSE_IS_NOT_CONFORM' && Object.hasOwn(claims, groupsClaim)) return {};
  throw error;
}

/** Whether the ID token was signed with a key that was not among the provider's keys when they were fetched. */
function isOfKey(error: unknown): boolean {
  if (codeOf(error) === 'OAUTH_KEY_SELECTION_FAILED') return true;
  // The library gives a wrong signature the code of any invalid answer, so its message decides.
  return (
    error instanceof Error &&
    error.cause instanceof Error &&
    /signature verification/.test(error.cause.message)
  );
}

/** The code of an error of the library. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function unreachable(why: string): AppError {
  return new AppError('AUTH_OIDC_UNREACHABLE', { internal: { why } });
}

/** Whether the provider itself refused. */
function isAnswer(library: Library, error: unknown): error is { readonly error: string } {
  return error instanceof library.ResponseBodyError || error instanceof library.AuthorizationResponseError;
}

/** An error code of RFC 6749, or one of the provider's own. */
const ERROR_CODE = /^[\w-]{1,64}$/;

/** The reason in the library's own words. What the provider sent is not repeated: it may contain a token. */
function reasonOf(library: Library, error: unknown): string {
  if (isAnswer(library, error))
    return `the provider says ${ERROR_CODE.test(error.error) ? error.error : 'something that is no error code'}`;
  if (!(error instanceof library.ClientError)) return error instanceof Error ? error.name : 'unknown';
  const { cause } = error;
  const isOwn = cause instanceof Error && /^(Operation|Unsupported)/.test(cause.name);
  return isOwn ? `${error.message}: ${cause.message}` : error.message;
}
