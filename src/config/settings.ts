import { z } from 'zod';
import { Secret } from '../kernel/secret.js';
import { allowedHosts } from './allowed-hosts.js';
import { parseAuthority } from './authority.js';
import { endpointAllow } from './endpoint-allow.js';
import { forwardProxy } from './forward-proxy.js';
import { noProxy } from './no-proxy.js';
import { notifyUrls } from './notify-urls.js';
import {
  oidcClientId,
  oidcClientSecret,
  oidcGroups,
  oidcGroupsClaim,
  oidcIssuer,
  oidcScopes,
  publicUrl,
} from './oidc.js';
import { proxyList } from './proxy-list.js';
import { quietHours, timeZone } from './quiet-hours.js';
import { roleSecrets } from './role-secrets.js';
import { secretsKeys } from './secrets-keys.js';
import { readWecomApps, type WecomApp } from './wecom-apps-file.js';

/** One environment variable. docs/reference/configuration.md is written from it by `npm run generate`. */
interface Setting<T> {
  readonly name: string;
  /** Whether the name in lower case is read too, and first, as other programs do. */
  readonly isLowerCaseToo?: boolean;
  readonly unit: string;
  /** As written in the environment; `null` when the setting may be left out. */
  readonly default: string | null;
  /** Replaces `default` while no role has a secret. */
  readonly defaultWhileOpen?: string;
  readonly secret: boolean;
  readonly meaning: string;
  /** The expected form, to follow the word "expected". */
  readonly expected: string;
  readonly schema: z.ZodType<T, string | undefined>;
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

function integerFrom(min: number, max: number) {
  return {
    expected: `a whole number from ${min} to ${max}`,
    schema: z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max)),
  };
}

function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return { expected: `one of ${values.join(', ')}`, schema: z.enum(values) };
}

function flag() {
  const { expected, schema } = oneOf(['true', 'false']);
  return { expected, schema: schema.transform((text) => text === 'true') };
}

/** The value is not shown: it may contain a password. */
function plainUrl() {
  const expected = 'an http:// or https:// URL without user, query and fragment';
  const isPlain = (text: string): boolean =>
    /^https?:\/\/[^/?#@\\]+(\/[^?#@\\]*)?$/.test(text) && URL.canParse(text);
  return {
    expected,
    schema: z
      .string()
      .refine(isPlain, { error: `expected ${expected}` })
      .transform((text) => Object.freeze(new URL(text))),
  };
}

function authority() {
  const expected = 'a host and a port, such as 127.0.0.1:8443';
  const isAuthority = (text: string): boolean => parseAuthority(text) !== null;
  return {
    expected,
    schema: z
      .string()
      .refine(isAuthority, { error: `expected ${expected}` })
      .optional(),
  };
}

/** All settings, in the order of docs/reference/configuration.md. */
export const SETTINGS = {
  port: setting({
    name: 'PORT',
    unit: 'port',
    default: '7777',
    secret: false,
    meaning: 'where the HTTP server listens',
    ...integerFrom(0, 65_535),
  }),
  host: setting({
    name: 'HOST',
    unit: 'address',
    default: '0.0.0.0',
    defaultWhileOpen: '127.0.0.1',
    secret: false,
    meaning: 'address the HTTP server listens on; the container image sets `0.0.0.0`',
    expected: 'an address or host name',
    schema: z.string().regex(/^[A-Za-z0-9.:_-]+$/),
  }),
  mongoUri: setting({
    name: 'MONGO_URI',
    unit: 'URI',
    default: null,
    secret: true,
    meaning:
      'set: MongoDB holds everything, for any number of replicas; unset: the embedded store in `DATA_DIR`, for one process',
    expected: 'mongodb://… or mongodb+srv://… with a host',
    schema: z
      .string()
      .regex(/^mongodb(\+srv)?:\/\/[^/\s]+(\/\S*)?$/)
      .transform((uri) => new Secret(uri))
      .optional(),
  }),
  replicaUrl: setting({
    name: 'REPLICA_URL',
    unit: 'URL',
    default: null,
    secret: false,
    meaning:
      "where other replicas on the same MongoDB reach this one, to hand it events for streams that are open here; unset: `HOST`, or where that is all addresses the first of the machine's, with `PORT`",
    expected: plainUrl().expected,
    schema: plainUrl().schema.optional(),
  }),
  dataDir: setting({
    name: 'DATA_DIR',
    unit: 'path',
    default: './data',
    secret: false,
    meaning: 'folder of the embedded store',
    expected: 'a path',
    schema: z.string(),
  }),
  accessTokenUrl: setting({
    name: 'ACCESS_TOKEN_URL',
    unit: 'URL',
    default: 'https://qyapi.weixin.qq.com/cgi-bin/gettoken',
    secret: false,
    meaning:
      'where access tokens come from: WeCom, or, with another path than `/cgi-bin/gettoken`, a gateway that keeps them, whose `expires_in` is then taken as it is',
    ...plainUrl(),
  }),
  wecomApiUrl: setting({
    name: 'WECOM_API_URL',
    unit: 'URL',
    default: 'https://qyapi.weixin.qq.com',
    secret: false,
    meaning: 'what the proxy calls; only `/cgi-bin/` under it',
    ...plainUrl(),
  }),
  httpsProxy: setting({
    name: 'HTTPS_PROXY',
    isLowerCaseToo: true,
    unit: 'URL',
    default: null,
    secret: true,
    meaning:
      'the forward proxy through which `https://` addresses of `ACCESS_TOKEN_URL`, `WECOM_API_URL`, `NOTIFY_URL` and `OIDC_ISSUER` are called, by `CONNECT`; puppets are called directly, whatever it is. `https_proxy` counts before it',
    ...forwardProxy('HTTPS_PROXY'),
  }),
  httpProxy: setting({
    name: 'HTTP_PROXY',
    isLowerCaseToo: true,
    unit: 'URL',
    default: null,
    secret: true,
    meaning: 'the same for `http://` addresses, without `CONNECT`. `http_proxy` counts before it',
    ...forwardProxy('HTTP_PROXY'),
  }),
  noProxy: setting({
    name: 'NO_PROXY',
    isLowerCaseToo: true,
    unit: 'hosts',
    default: null,
    secret: false,
    meaning:
      "comma-separated hosts that are called without a proxy: names with all below them, addresses, ranges, `*` for all; this machine's own always are. `no_proxy` counts before it",
    ...noProxy(),
  }),
  proxyBodyBytesMax: setting({
    name: 'PROXY_BODY_MAX_BYTES',
    unit: 'bytes',
    default: '26214400',
    secret: false,
    meaning: 'largest request body that the proxy passes on; a larger one is answered 413',
    ...integerFrom(1_024, 1_073_741_824),
  }),
  tunnels: setting({
    name: 'TUNNELS',
    unit: 'flag',
    default: 'false',
    secret: false,
    meaning:
      "`true`: bots whose programs have a fixed base of WeCom's API may call it through the manager by `CONNECT`, with a bot's key: `HTTPS_PROXY=http://bot:<key>@<manager>:7777`. Nothing is seen or limited inside a tunnel but bytes and time",
    ...flag(),
  }),
  tunnelConnectTo: setting({
    name: 'TUNNEL_CONNECT_TO',
    unit: 'host:port',
    default: null,
    secret: false,
    meaning:
      'for tests only: where tunnels really lead, in place of the host of `WECOM_API_URL` and port 443, such as a local TLS server',
    ...authority(),
  }),
  corpCallsPerMinute: setting({
    name: 'CORP_CALLS_PER_MINUTE',
    unit: 'calls',
    default: '10000',
    secret: false,
    meaning: "proxied calls of one corp to one API; more are answered 45009, as WeCom's own limit would",
    ...integerFrom(1, 1_000_000_000),
  }),
  corpCallsPerHour: setting({
    name: 'CORP_CALLS_PER_HOUR',
    unit: 'calls',
    default: '150000',
    secret: false,
    meaning: 'the same for an hour',
    ...integerFrom(1, 1_000_000_000),
  }),
  ipCallsPerMinute: setting({
    name: 'IP_CALLS_PER_MINUTE',
    unit: 'calls',
    default: '20000',
    secret: false,
    meaning: 'proxied calls of all corps to one API, which WeCom counts by the address they come from',
    ...integerFrom(1, 1_000_000_000),
  }),
  ipCallsPerHour: setting({
    name: 'IP_CALLS_PER_HOUR',
    unit: 'calls',
    default: '600000',
    secret: false,
    meaning: 'the same for an hour',
    ...integerFrom(1, 1_000_000_000),
  }),
  messagesAheadMax: setting({
    name: 'MESSAGES_AHEAD_MAX',
    unit: 'messages',
    default: '1000',
    secret: false,
    meaning:
      'of an account whose bot takes messages: when so many wait, no more are pulled for now; WeCom keeps them for 3 days',
    ...integerFrom(1, 100_000),
  }),
  messageTries: setting({
    name: 'MESSAGE_TRIES',
    unit: 'attempts',
    default: '8',
    secret: false,
    meaning: 'how often a bot may refuse a message before it is a dead letter',
    ...integerFrom(1, 100),
  }),
  deliveryLogDays: setting({
    name: 'DELIVERY_LOG_DAYS',
    unit: 'days',
    default: '3',
    secret: false,
    meaning: 'how long the delivery log is kept; 0: there is none',
    ...integerFrom(0, 365),
  }),
  deliveryLogBytesMax: setting({
    name: 'DELIVERY_LOG_MAX_BYTES',
    unit: 'bytes',
    default: '1073741824',
    secret: false,
    meaning:
      'how large it may become; then the oldest goes first. In `DATA_DIR` it also stops growing while less than a tenth of the disk is free',
    ...integerFrom(16_777_216, 1_099_511_627_776),
  }),
  tokenlessSyncsPerMinute: setting({
    name: 'TOKENLESS_SYNCS_PER_MINUTE',
    unit: 'calls',
    default: '10',
    secret: false,
    meaning:
      "`kf/sync_msg` of one corp without the sync token of an event, the manager's own too; its bots share them by turns",
    ...integerFrom(1, 1_000_000_000),
  }),
  wecomApps: setting({
    name: 'WECOM_APPS_FILE',
    unit: 'path',
    default: null,
    secret: false,
    meaning:
      'JSON list `[{"corpId","token","encodingAESKey","receiveIds"?,"name"?}]`: callback credentials known before any puppet registers, so that WeCom can verify the callback URL first',
    expected: 'the path of a readable JSON list of apps',
    schema: z
      .string()
      .optional()
      .transform((path, context) => {
        const { apps, mistakes } = path === undefined ? { apps: [], mistakes: [] } : readWecomApps(path);
        for (const message of mistakes) context.addIssue({ code: 'custom', message });
        return Object.freeze<readonly WecomApp[]>(apps);
      }),
  }),
  authPuppetTokens: setting({
    name: 'AUTH_PUPPET_TOKEN',
    unit: 'secrets',
    default: null,
    secret: true,
    meaning:
      'comma-separated secrets, one of which a puppet has to send: each at least 16 letters, digits, `_` and `-`, 5 different ones among them; several while rotating',
    ...roleSecrets(),
  }),
  authGatewayTokens: setting({
    name: 'AUTH_GATEWAY_TOKEN',
    unit: 'secrets',
    default: null,
    secret: true,
    meaning: 'the same for a gateway; no secret may be in two roles',
    ...roleSecrets(),
  }),
  authOperatorTokens: setting({
    name: 'AUTH_OPERATOR_TOKEN',
    unit: 'secrets',
    default: null,
    secret: true,
    meaning: 'the same for an operator',
    ...roleSecrets(),
  }),
  metricsTokens: setting({
    name: 'METRICS_TOKEN',
    unit: 'secrets',
    default: null,
    secret: true,
    meaning:
      'the same for who reads `GET /metrics`, and nothing else; unset: an operator reads it, and while no role has a secret anybody',
    ...roleSecrets(),
  }),
  publicUrl: setting({
    name: 'PUBLIC_URL',
    unit: 'URL',
    default: null,
    secret: false,
    meaning:
      "where operators' browsers reach the console, such as `https://wxkf.corp.example`: sign-in by OIDC comes back there, and notifications link to it. It opens nothing",
    ...publicUrl(),
  }),
  oidcIssuer: setting({
    name: 'OIDC_ISSUER',
    unit: 'URL',
    default: null,
    secret: false,
    meaning:
      'the OpenID provider that operators sign in at besides their tokens, as it names itself; set with the two below, `PUBLIC_URL` and groups, or not at all ([security.md](../security.md#sign-in-by-oidc))',
    ...oidcIssuer(),
  }),
  oidcClientId: setting({
    name: 'OIDC_CLIENT_ID',
    unit: 'id',
    default: null,
    secret: false,
    meaning: "the manager's client id at the provider",
    ...oidcClientId(),
  }),
  oidcClientSecret: setting({
    name: 'OIDC_CLIENT_SECRET',
    unit: 'secret',
    default: null,
    secret: true,
    meaning:
      'its client secret, at least 16 characters; another one ends the sessions that were opened by OIDC',
    ...oidcClientSecret(),
  }),
  oidcAdminGroups: setting({
    name: 'OIDC_ADMIN_GROUPS',
    unit: 'groups',
    default: null,
    secret: false,
    meaning:
      'comma-separated groups whose members may do everything, exactly as the claim has them; who is in none of these or the next ones is refused',
    ...oidcGroups(),
  }),
  oidcReaderGroups: setting({
    name: 'OIDC_READER_GROUPS',
    unit: 'groups',
    default: null,
    secret: false,
    meaning: 'the same for those who may read and change nothing',
    ...oidcGroups(),
  }),
  oidcGroupsClaim: setting({
    name: 'OIDC_GROUPS_CLAIM',
    unit: 'claim',
    default: 'groups',
    secret: false,
    meaning:
      'the claim of the ID token, or of UserInfo where the token has none, with the groups of a person',
    ...oidcGroupsClaim(),
  }),
  oidcScopes: setting({
    name: 'OIDC_SCOPES',
    unit: 'scopes',
    default: 'openid profile email',
    secret: false,
    meaning: 'what the provider is asked for; some give groups only where `groups` is among them',
    ...oidcScopes(),
  }),
  allowOpen: setting({
    name: 'ALLOW_OPEN',
    unit: 'flag',
    default: 'false',
    secret: false,
    meaning:
      '`true`: it starts on other addresses than loopback also while no role has a secret, and whoever reaches it may do everything',
    ...flag(),
  }),
  allowedHosts: setting({
    name: 'ALLOWED_HOSTS',
    unit: 'names',
    default: null,
    secret: false,
    meaning:
      "comma-separated host names by which it may be called while no role has a secret, besides its addresses, `localhost` and its machine's own name; without port. WeCom's callbacks may come under any name",
    ...allowedHosts(),
  }),
  metricsCorpLabel: setting({
    name: 'METRICS_CORP_LABEL',
    unit: 'flag',
    default: 'false',
    secret: false,
    meaning:
      '`true`: callbacks are counted by corp too, in `wxkf_corp_callbacks_total`, the first 1,000 corps each by its id',
    ...flag(),
  }),
  puppetEndpointAllow: setting({
    name: 'PUPPET_ENDPOINT_ALLOW',
    unit: 'list',
    default: null,
    secret: false,
    meaning:
      "comma-separated addresses, ranges (`10.0.0.0/8`) and names (`bots.example.com`; `*.bots.example.com` for all below it) that endpoints may point to. A name that is listed may be at any address, another only at those listed. Unset: anywhere. Never to link-local, multicast, broadcast or unspecified addresses or a cloud's metadata",
    ...endpointAllow(),
  }),
  secretsKeys: setting({
    name: 'SECRETS_KEY',
    unit: 'keys',
    default: null,
    secret: true,
    meaning:
      'base64 of 32 bytes: corpSecret, token, encodingAESKey and access tokens are sealed at rest with it; comma-separated while rotating, when the first one seals and all open',
    ...secretsKeys(),
  }),
  trustedProxies: setting({
    name: 'TRUST_PROXY',
    unit: 'addresses',
    default: null,
    secret: false,
    meaning:
      'comma-separated addresses and CIDRs of the proxies in front, whose `X-Forwarded-For` says who calls; unset: nobody is believed',
    ...proxyList(),
  }),
  connectionsMax: setting({
    name: 'CONNECTIONS_MAX',
    unit: 'connections',
    default: '10000',
    secret: false,
    meaning: 'open at a time, in all; a further one is closed at once',
    ...integerFrom(1, 1_000_000),
  }),
  connectionsPerAddressMax: setting({
    name: 'CONNECTIONS_PER_ADDRESS_MAX',
    unit: 'connections',
    default: '2000',
    secret: false,
    meaning: 'the same from one address, or one /64 of IPv6; the addresses of `TRUST_PROXY` may have more',
    ...integerFrom(1, 1_000_000),
  }),
  accountsMax: setting({
    name: 'ACCOUNTS_MAX',
    unit: 'kf accounts',
    default: '200000',
    secret: false,
    meaning:
      'registered at a time, online or not; a further one is refused with 409 `REGISTRY_FULL`. each takes 2 to 5 kB of memory',
    ...integerFrom(1, 10_000_000),
  }),
  accountsPerCorpMax: setting({
    name: 'ACCOUNTS_PER_CORP_MAX',
    unit: 'kf accounts',
    default: '10000',
    secret: false,
    meaning:
      'the same of one corp, 409 `REGISTRY_CORP_FULL`; WeCom lets a corp have 5,000, and those that it deleted stay registered here until an operator forgets them',
    ...integerFrom(1, 10_000_000),
  }),
  callbackSkewSMax: setting({
    name: 'CALLBACK_MAX_SKEW_S',
    unit: 's',
    default: '0',
    secret: false,
    meaning:
      "how far a callback's `timestamp` may be from this machine's clock, either way; 0: any, since WeCom documents no limit",
    ...integerFrom(0, 86_400),
  }),
  callbackBodyBytesMax: setting({
    name: 'CALLBACK_BODY_MAX_BYTES',
    unit: 'bytes',
    default: '131072',
    secret: false,
    meaning:
      'largest body of a callback taken, of which WeCom sends less than 10 kB; a larger one is answered 413',
    ...integerFrom(1_024, 16_777_216),
  }),
  bodiesBytesMax: setting({
    name: 'BODIES_MAX_BYTES',
    unit: 'bytes',
    default: '67108864',
    secret: false,
    meaning:
      'memory of all request bodies that are being read, and of what waits in streams, an eighth of it for the bodies from one address and for the streams of one bot; beyond it a body of more than 16 kB is refused with 503 `REQUEST_BODIES_TOO_MANY` and `Retry-After`',
    // An eighth has room for the longest message.
    ...integerFrom(33_554_432, 1_073_741_824),
  }),
  callbacksTriedMax: setting({
    name: 'CALLBACKS_TRIED_MAX',
    unit: 'callbacks',
    default: '1000',
    secret: false,
    meaning:
      'on their way to puppets at a time; what comes then for an origin that has 64 of them is kept at once, and delivered a second later',
    ...integerFrom(1, 1_000_000),
  }),
  callbacksUnderWayMax: setting({
    name: 'CALLBACKS_UNDER_WAY_MAX',
    unit: 'callbacks',
    default: '2000',
    secret: false,
    meaning:
      'being delivered or kept at a time; a further one is refused with 503 `OVERLOADED` and `Retry-After`',
    ...integerFrom(1, 1_000_000),
  }),
  eventLoopDelayMsMax: setting({
    name: 'EVENT_LOOP_DELAY_MAX_MS',
    unit: 'ms',
    default: '200',
    secret: false,
    meaning:
      'how long one turn of the event loop may be at callbacks; those that come then, in that turn, are refused likewise',
    ...integerFrom(1, 60_000),
  }),
  drainDelayMs: setting({
    name: 'DRAIN_DELAY_MS',
    unit: 'ms',
    default: '5000',
    secret: false,
    meaning: 'after SIGTERM: how long the listener goes on while load balancers take the process out',
    ...integerFrom(0, 300_000),
  }),
  drainTimeoutMs: setting({
    name: 'DRAIN_TIMEOUT_MS',
    unit: 'ms',
    default: '25000',
    secret: false,
    meaning:
      'after the first signal: the process is gone at the latest then, and 6 s before it hangs up on who still waits; more than `DRAIN_DELAY_MS`',
    ...integerFrom(1, 600_000),
  }),
  notifyUrls: setting({
    name: 'NOTIFY_URL',
    unit: 'URLs',
    default: null,
    secret: true,
    meaning:
      'where people are told what needs attention, and that it is over: the webhook address of a group robot of WeCom, or any URL that takes a `POST` of JSON; several with commas between them. Unset: nobody is told',
    ...notifyUrls(),
  }),
  notifyAfterS: setting({
    name: 'NOTIFY_AFTER_S',
    unit: 's',
    default: '60',
    secret: false,
    meaning: 'how long a trouble must last before it is told, and be gone before that is told',
    ...integerFrom(0, 86_400),
  }),
  notifyQuietHours: setting({
    name: 'NOTIFY_QUIET_HOURS',
    unit: 'hours',
    default: null,
    secret: false,
    meaning:
      'such as `23:00-07:00`: what can wait is told when they end, and not at all if it is over by then; what is bad is told at any hour',
    ...quietHours(),
  }),
  notifyTimeZone: setting({
    name: 'NOTIFY_TIME_ZONE',
    unit: 'name',
    default: 'Asia/Shanghai',
    secret: false,
    meaning: 'the time zone of `NOTIFY_QUIET_HOURS`, and of the times in messages to a group robot',
    ...timeZone(),
  }),
  logLevel: setting({
    name: 'LOG_LEVEL',
    unit: 'level',
    default: 'info',
    secret: false,
    meaning: 'least severe line that is written',
    ...oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
  }),
  logFormat: setting({
    name: 'LOG_FORMAT',
    unit: 'format',
    default: 'json',
    secret: false,
    meaning: '`json` for machines, `pretty` for people',
    ...oneOf(['json', 'pretty']),
  }),
  logHealthyOneIn: setting({
    name: 'LOG_HEALTHY_ONE_IN',
    unit: 'lines',
    default: '1',
    secret: false,
    meaning:
      'of the lines of what went well, one in so many is written, with `oneIn` in it; what was kept, refused or failed always is',
    ...integerFrom(1, 1_000_000),
  }),
};

export type Settings = typeof SETTINGS;
