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
  /** Whether the name in lower case is read, too, and has priority, as in other programs. */
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
      'where access tokens come from. With another path than `/cgi-bin/gettoken`, it is not WeCom but a gateway that keeps access tokens; its `expires_in` is used unchanged',
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
      'the forward proxy through which `https://` addresses of `ACCESS_TOKEN_URL`, `WECOM_API_URL`, `NOTIFY_URL`, `OIDC_ISSUER` and services of agents are called, by `CONNECT`; puppets are always called directly. `https_proxy` has priority',
    ...forwardProxy('HTTPS_PROXY'),
  }),
  httpProxy: setting({
    name: 'HTTP_PROXY',
    isLowerCaseToo: true,
    unit: 'URL',
    default: null,
    secret: true,
    meaning: 'the same for `http://` addresses, without `CONNECT`. `http_proxy` has priority',
    ...forwardProxy('HTTP_PROXY'),
  }),
  noProxy: setting({
    name: 'NO_PROXY',
    isLowerCaseToo: true,
    unit: 'hosts',
    default: null,
    secret: false,
    meaning:
      'comma-separated hosts that are called without a proxy: names with all names below them, addresses, ranges, or `*` for all. Addresses of this machine are always called directly. `no_proxy` has priority',
    ...noProxy(),
  }),
  proxyBodyBytesMax: setting({
    name: 'PROXY_BODY_MAX_BYTES',
    unit: 'bytes',
    default: '26214400',
    secret: false,
    meaning: 'largest request body that the proxy passes on; a larger one is answered with 413',
    ...integerFrom(1_024, 1_073_741_824),
  }),
  tunnels: setting({
    name: 'TUNNELS',
    unit: 'flag',
    default: 'false',
    secret: false,
    meaning:
      "`true`: programs whose address of WeCom's API is fixed may call it through the manager by `CONNECT`, with a bot's key: `HTTPS_PROXY=http://bot:<key>@<manager>:7777`. Inside a tunnel, the manager sees and limits only bytes and time",
    ...flag(),
  }),
  tunnelConnectTo: setting({
    name: 'TUNNEL_CONNECT_TO',
    unit: 'host:port',
    default: null,
    secret: false,
    meaning:
      'for tests only: the address that tunnels really lead to, such as a local TLS server. Unset: the host of `WECOM_API_URL` and port 443',
    ...authority(),
  }),
  corpCallsPerMinute: setting({
    name: 'CORP_CALLS_PER_MINUTE',
    unit: 'calls',
    default: '10000',
    secret: false,
    meaning:
      "how many calls of one corp to one API the proxy passes on; further calls are answered with 45009, as WeCom's own limit does",
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
    meaning:
      'how many calls of all corps to one API the proxy passes on: WeCom counts them by the address that they come from',
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
      'how many messages of an account may wait for a bot that takes messages. While that many wait, no more are pulled; WeCom keeps the others for 3 days',
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
  replyWithinS: setting({
    name: 'REPLY_WITHIN_S',
    unit: 's',
    default: '60',
    secret: false,
    meaning:
      'how soon a reply that WeCom accepts has to follow what a bot took; after that the account counts as silent. Set more for bots that think longer',
    ...integerFrom(5, 86_400),
  }),
  peopleWaitAlarmS: setting({
    name: 'PEOPLE_WAIT_ALARM_S',
    unit: 's',
    default: '300',
    secret: false,
    meaning:
      'how long a customer may wait for the first words of a person, in the pool or after a person took them, before that is a cause of the verdict; for bots with `session`',
    ...integerFrom(1, 86_400),
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
      'how large the delivery log may become; beyond that, the oldest entries are deleted. In `DATA_DIR` it also stops growing while less than a tenth of the disk is free',
    ...integerFrom(16_777_216, 1_099_511_627_776),
  }),
  tokenlessSyncsPerMinute: setting({
    name: 'TOKENLESS_SYNCS_PER_MINUTE',
    unit: 'calls',
    // The tenth within a minute may be the one after which WeCom answers none for a minute.
    default: '9',
    secret: false,
    meaning:
      "calls of `kf/sync_msg` of one corp without the sync token of an event, or with one that is not known, including the manager's own; the bots of the corp take turns. After ten within a minute WeCom answers none for a minute",
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
      'comma-separated secrets; a puppet has to send one of them. Each at least 16 letters, digits, `_` and `-`, 5 different ones among them; several while rotating',
    ...roleSecrets(),
  }),
  authGatewayTokens: setting({
    name: 'AUTH_GATEWAY_TOKEN',
    unit: 'secrets',
    default: null,
    secret: true,
    meaning: 'the same for a gateway; no two roles may have the same secret',
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
      'the same for callers that may read `GET /metrics` and nothing else. Unset: operators may read it, and while no role has a secret, everybody',
    ...roleSecrets(),
  }),
  publicUrl: setting({
    name: 'PUBLIC_URL',
    unit: 'URL',
    default: null,
    secret: false,
    meaning:
      "where operators' browsers reach the console, such as `https://wxkf.corp.example`: sign-in by OIDC comes back there, and notifications link to it. Setting it opens no access",
    ...publicUrl(),
  }),
  oidcIssuer: setting({
    name: 'OIDC_ISSUER',
    unit: 'URL',
    default: null,
    secret: false,
    meaning:
      'the OpenID provider at which operators can sign in, besides their tokens; written as the provider names itself. It needs the next two settings, `PUBLIC_URL` and groups ([security.md](../security.md#sign-in-by-oidc))',
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
      "the manager's client secret at the provider, at least 16 characters; a new one ends the sessions that were opened by OIDC",
    ...oidcClientSecret(),
  }),
  oidcAdminGroups: setting({
    name: 'OIDC_ADMIN_GROUPS',
    unit: 'groups',
    default: null,
    secret: false,
    meaning:
      'comma-separated groups whose members may do everything, spelled as in the claim. Persons in none of these and the next groups are refused',
    ...oidcGroups(),
  }),
  oidcReaderGroups: setting({
    name: 'OIDC_READER_GROUPS',
    unit: 'groups',
    default: null,
    secret: false,
    meaning: 'the same for persons who may read but change nothing',
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
    meaning:
      'the scopes that the provider is asked for; some providers give groups only if `groups` is among them',
    ...oidcScopes(),
  }),
  allowOpen: setting({
    name: 'ALLOW_OPEN',
    unit: 'flag',
    default: 'false',
    secret: false,
    meaning:
      '`true`: the manager starts on other addresses than loopback even while no role has a secret. Then everybody who reaches it may do everything',
    ...flag(),
  }),
  allowedHosts: setting({
    name: 'ALLOWED_HOSTS',
    unit: 'names',
    default: null,
    secret: false,
    meaning:
      "comma-separated host names, without port, by which the manager may be called while no role has a secret; its addresses, `localhost` and its machine's own name always may be used. WeCom's callbacks may come under any name",
    ...allowedHosts(),
  }),
  metricsCorpLabel: setting({
    name: 'METRICS_CORP_LABEL',
    unit: 'flag',
    default: 'false',
    secret: false,
    meaning:
      '`true`: callbacks are also counted by corp, in `wxkf_corp_callbacks_total`; the first 1,000 corps appear by id',
    ...flag(),
  }),
  puppetEndpointAllow: setting({
    name: 'PUPPET_ENDPOINT_ALLOW',
    unit: 'list',
    default: null,
    secret: false,
    meaning:
      "comma-separated addresses, ranges (`10.0.0.0/8`) and names (`bots.example.com`; `*.bots.example.com` for all below it) that endpoints may point to. A listed name may lead to any address, another name only to a listed address. Unset: anywhere. Never to link-local, multicast, broadcast or unspecified addresses or a cloud's metadata",
    ...endpointAllow(),
  }),
  secretsKeys: setting({
    name: 'SECRETS_KEY',
    unit: 'keys',
    default: null,
    secret: true,
    meaning:
      'base64 of 32 bytes: corpSecret, token, encodingAESKey, access tokens and messages are sealed at rest with it. While rotating, several keys with commas between them: the first one seals, and all of them open',
    ...secretsKeys(),
  }),
  trustedProxies: setting({
    name: 'TRUST_PROXY',
    unit: 'addresses',
    default: null,
    secret: false,
    meaning:
      'comma-separated addresses and CIDRs of the proxies in front of the manager; their `X-Forwarded-For` names the caller. Unset: the header is ignored',
    ...proxyList(),
  }),
  connectionsMax: setting({
    name: 'CONNECTIONS_MAX',
    unit: 'connections',
    default: '10000',
    secret: false,
    meaning: 'how many connections may be open at a time; a further one is closed at once',
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
      'how many accounts may be registered, online or not; a further one is refused with 409 `REGISTRY_FULL`. Each takes 2 to 5 kB of memory',
    ...integerFrom(1, 10_000_000),
  }),
  accountsPerCorpMax: setting({
    name: 'ACCOUNTS_PER_CORP_MAX',
    unit: 'kf accounts',
    default: '10000',
    secret: false,
    meaning:
      'the same for one corp, with 409 `REGISTRY_CORP_FULL`. WeCom lets a corp have 5,000; accounts that the corp has deleted stay registered here until an operator forgets them',
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
    meaning: 'largest body of a callback; WeCom sends less than 10 kB. A larger one is answered with 413',
    ...integerFrom(1_024, 16_777_216),
  }),
  bodiesBytesMax: setting({
    name: 'BODIES_MAX_BYTES',
    unit: 'bytes',
    default: '67108864',
    secret: false,
    meaning:
      'memory for all request bodies that are being read, and for what waits in streams. The bodies from one address may use an eighth of it, and so may the streams of one bot. Beyond it, a body of more than 16 kB is refused with 503 `REQUEST_BODIES_TOO_MANY` and `Retry-After`',
    // An eighth has room for the longest message.
    ...integerFrom(33_554_432, 1_073_741_824),
  }),
  callbacksTriedMax: setting({
    name: 'CALLBACKS_TRIED_MAX',
    unit: 'callbacks',
    default: '1000',
    secret: false,
    meaning:
      'how many callbacks may be on their way to puppets at a time. Beyond it, a callback for an origin that has 64 of them is kept at once, and delivered a second later',
    ...integerFrom(1, 1_000_000),
  }),
  callbacksUnderWayMax: setting({
    name: 'CALLBACKS_UNDER_WAY_MAX',
    unit: 'callbacks',
    default: '2000',
    secret: false,
    meaning:
      'how many callbacks may be under way at a time, being delivered or kept; a further one is refused with 503 `OVERLOADED` and `Retry-After`',
    ...integerFrom(1, 1_000_000),
  }),
  drainDelayMs: setting({
    name: 'DRAIN_DELAY_MS',
    unit: 'ms',
    default: '5000',
    secret: false,
    meaning: 'after SIGTERM: how long the process goes on listening while load balancers take it out',
    ...integerFrom(0, 300_000),
  }),
  drainTimeoutMs: setting({
    name: 'DRAIN_TIMEOUT_MS',
    unit: 'ms',
    default: '25000',
    secret: false,
    meaning:
      'how long after the first signal the process ends at the latest; 6 s earlier it closes the connections of callers that still wait. More than `DRAIN_DELAY_MS`',
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
    meaning:
      'how long a trouble must last before it is told, and how long it must be gone before that is told',
    ...integerFrom(0, 86_400),
  }),
  notifyQuietHours: setting({
    name: 'NOTIFY_QUIET_HOURS',
    unit: 'hours',
    default: null,
    secret: false,
    meaning:
      'such as `23:00-07:00`: troubles that can wait are told when these hours end, and not at all if they are over by then; bad ones are told at any hour',
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
    meaning: 'the least severe log lines that are written',
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
      'of the log lines about work that went well, one in this many is written, with `oneIn` in it. Lines about work that was kept, refused or failed are always written',
    ...integerFrom(1, 1_000_000),
  }),
};

export type Settings = typeof SETTINGS;
