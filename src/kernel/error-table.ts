interface ErrorEntry {
  /** The HTTP status a caller sees. */
  readonly status: number;
  /** Whether the same request may succeed a while later. If not, somebody has to change something first. */
  readonly retry: boolean;
  /** What is wrong and what to do about it; safe to show to anybody. */
  readonly message: string;
}

/**
 * Every error a caller can meet. A code, once published, keeps its meaning; a detail (which field,
 * which reason) may follow the message.
 */
export const ERRORS = {
  REQUEST_INVALID: { status: 400, retry: false, message: 'The request is not valid' },
  REQUEST_BODY_NOT_JSON: { status: 400, retry: false, message: 'The body must be one JSON object' },
  REQUEST_URL_INVALID: {
    status: 400,
    retry: false,
    message: 'The URL cannot be read; check its percent-encoding and length',
  },
  REQUEST_MALFORMED: { status: 400, retry: false, message: 'This is not a well-formed HTTP request' },
  REQUEST_TIMEOUT: {
    status: 408,
    retry: true,
    message: 'The request did not arrive completely in time; send it again',
  },
  REQUEST_BODY_TOO_LARGE: { status: 413, retry: false, message: 'The body is larger than this route takes' },
  REQUEST_BODIES_TOO_MANY: {
    status: 503,
    retry: true,
    message: 'The request bodies of this address, or of all, take too much memory now; send it again',
  },
  REQUEST_TYPE_UNSUPPORTED: {
    status: 415,
    retry: false,
    message: 'Send the body with the header Content-Type: application/json',
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    retry: false,
    message: 'The request headers are larger than this server takes',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'There is no such route; the page /docs of the manager lists all of them',
  },
  ROUTE_METHOD_NOT_ALLOWED: { status: 405, retry: false, message: 'This route takes another method' },

  AUTH_MISSING: {
    status: 401,
    retry: false,
    message:
      "This route asks for a secret, as Authorization: Bearer <secret> or as the password of HTTP Basic; send one of the manager's",
  },
  AUTH_WRONG: {
    status: 401,
    retry: false,
    message:
      'The credentials are not a secret of the manager; compare the Bearer token, or the password of HTTP Basic, with its settings',
  },
  AUTH_ROLE_CLOSED: {
    status: 401,
    retry: false,
    message: 'This route is closed, since no role that may call it has a secret; set one in the manager',
  },
  AUTH_ROLE_FORBIDDEN: {
    status: 403,
    retry: false,
    message: 'The role of these credentials may not call this route; send the secret of a role that may',
  },
  AUTH_READER: {
    status: 403,
    retry: false,
    message:
      'This operator has the role reader, which may not change anything; ask an admin to do it, or for the role admin',
  },
  AUTH_SESSION_ENDED: { status: 401, retry: false, message: 'The session has ended; sign in again' },
  AUTH_OIDC_OFF: {
    status: 404,
    retry: false,
    message:
      'Sign-in by OIDC is off; sign in with a token, or set OIDC_ISSUER and the settings that belong to it in the manager',
  },
  AUTH_OIDC_UNREACHABLE: {
    status: 503,
    retry: true,
    message:
      "The OpenID provider cannot be used now; try again shortly, or sign in with a token. The manager's log says what is wrong",
  },
  AUTH_OIDC_NOT_BEGUN: {
    status: 401,
    retry: false,
    message:
      'This sign-in was not begun in this browser, was begun more than 10 minutes ago, or has ended; sign in again',
  },
  AUTH_OIDC_TOO_MANY: {
    status: 429,
    retry: true,
    message:
      'More than 30 sign-ins by OIDC came back to this address within a minute; wait a minute, or sign in with a token',
  },
  AUTH_OIDC_REFUSED: {
    status: 401,
    retry: false,
    message:
      "The OpenID provider did not confirm the sign-in, or its answer is not valid; sign in again. The manager's log says what is wrong",
  },
  AUTH_OIDC_NO_ROLE: {
    status: 403,
    retry: false,
    message:
      'The OpenID provider knows you, but you are in none of the groups that may use this manager; have its administrator put you into one, or have OIDC_ADMIN_GROUPS, OIDC_READER_GROUPS and OIDC_GROUPS_CLAIM corrected in the manager. The claim that was looked at is',
  },
  AUTH_CROSS_SITE: {
    status: 403,
    retry: false,
    message:
      "This request may come from a page of another site; use the manager's own pages, or a program that sends a secret, if one is set, as Authorization: Bearer <secret>",
  },
  AUTH_TOO_MANY_FAILED: {
    status: 429,
    retry: false,
    message:
      'Too many requests with missing or wrong credentials came from this address within a minute; requests with the right ones are still answered',
  },
  AUTH_HOST_FOREIGN: {
    status: 403,
    retry: false,
    message:
      "While no role has a secret, this route answers only under the manager's own names; call it as localhost or by its address, such as 127.0.0.1. Otherwise add the name to ALLOWED_HOSTS in the manager, or set a secret there, such as AUTH_PUPPET_TOKEN",
  },

  CALLBACK_ENVELOPE_MALFORMED: {
    status: 400,
    retry: false,
    message: 'The body must be the XML that WeCom sends: one <xml> element with one <Encrypt> in it',
  },
  CALLBACK_EVENT_MALFORMED: {
    status: 400,
    retry: false,
    message: 'The opened event is not the XML that WeCom documents',
  },
  CALLBACK_FROM_MANAGER: {
    status: 400,
    retry: false,
    message:
      "A manager sent this, not WeCom: a bot's URL is the manager's own callback URL; give that bot the URL of its program",
  },
  CALLBACK_ECHO_MALFORMED: {
    status: 403,
    retry: false,
    message:
      'The opened echostr is not 1 to 64 letters and digits; send callbacks by POST, since this route opens none',
  },
  CALLBACK_CORP_UNKNOWN: {
    status: 404,
    retry: false,
    message:
      'No callback token and key are known for this corp; register a puppet of it, or add its app in the console, by POST /api/v1/apps or in WECOM_APPS_FILE',
  },
  CALLBACK_SIGNATURE_MISMATCH: {
    status: 403,
    retry: false,
    message:
      'msg_signature matches no callback token of this corp; compare the token in WeCom with the registered one',
  },
  CALLBACK_RECEIVE_ID_MISMATCH: {
    status: 403,
    retry: false,
    message: 'The event was sealed for another receiver; list its id in receiveIds of the app if it is yours',
  },
  CALLBACK_TIMESTAMP_OFF: {
    status: 403,
    retry: false,
    message:
      "timestamp is further from the manager's clock than CALLBACK_MAX_SKEW_S allows; check that clock, or set more",
  },
  CALLBACK_TOO_MANY_REFUSED: {
    status: 429,
    retry: false,
    message:
      'Too many callbacks from this address were refused within a minute; good ones of at most 16 kB are still taken, and the log says what was wrong with the others',
  },
  CALLBACK_KEYS_UNPROVEN: {
    status: 403,
    retry: false,
    message:
      'The keys that sign this event are valid only for the account that registered them, since WeCom accepts no corpSecret registered with them; register a puppet of the app with the right corpSecret, or add the app in the console, by POST /api/v1/apps or in WECOM_APPS_FILE',
  },
  CALLBACK_KEYS_UNVERIFIED: {
    status: 503,
    retry: true,
    message:
      'The keys that sign this event may not be valid for the whole corp: WeCom could not be asked about their corpSecret; send it again',
  },
  CALLBACK_KEYS_SKIPPED: {
    status: 503,
    retry: true,
    message:
      'No key that was tried signs this event. Not all keys were tried, since this corp has too many that WeCom has not accepted; send it again. Add the app in the console, by POST /api/v1/apps or in WECOM_APPS_FILE: keys of apps are always tried. Have an operator forget the accounts that are not yours',
  },
  CALLBACK_ACCOUNT_OF_OTHER_CORP: {
    status: 404,
    retry: false,
    message: 'This kf account belongs to another corp',
  },

  CIPHER_NOT_BASE64: { status: 400, retry: false, message: 'The encrypted text is not base64' },
  CIPHER_LENGTH_INVALID: {
    status: 400,
    retry: false,
    message: 'The encrypted text is not a whole number of AES blocks',
  },
  CIPHER_PADDING_INVALID: {
    status: 400,
    retry: false,
    message:
      'The encrypted text does not open (padding); compare the encodingAESKey in WeCom with the registered one',
  },
  CIPHER_MESSAGE_LENGTH_INVALID: {
    status: 400,
    retry: false,
    message: 'The encrypted text does not open (message length)',
  },
  CIPHER_NOT_UTF8: { status: 400, retry: false, message: 'The encrypted text does not open (not UTF-8)' },

  REGISTRY_PUPPET_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'No puppet is registered for this kf account',
  },
  REGISTRY_ACCOUNT_OF_OTHER_CORP: {
    status: 409,
    retry: false,
    message:
      'This kf account is registered for another corp; compare kfId and corpId, or have an operator forget that registration',
  },
  REGISTRY_SECRET_REFUSED: {
    status: 409,
    retry: false,
    message:
      'This kf account is registered with another corpSecret, and WeCom does not accept this one for the corp; register with the right one, or have an operator forget the registration',
  },
  REGISTRY_SECRET_UNVERIFIED: {
    status: 503,
    retry: true,
    message:
      'This kf account is registered with another corpSecret, and WeCom could not be asked about this one; the earlier registration stays, try again later',
  },
  REGISTRY_TOO_MANY_UNPROVEN: {
    status: 429,
    retry: true,
    message:
      'Too many keys were registered from this address with a corpSecret that WeCom has not accepted; more keys need a corpSecret that WeCom accepts. Correct the corpSecret, or try again when WeCom answers',
  },
  REGISTRY_FULL: {
    status: 409,
    retry: false,
    message:
      'ACCOUNTS_MAX allows no more kf accounts; registered ones may register again. Have an operator forget accounts that are gone, in the console or by DELETE /api/v1/accounts/:openKfId, or raise ACCOUNTS_MAX in the manager',
  },
  REGISTRY_CORP_FULL: {
    status: 409,
    retry: false,
    message:
      'ACCOUNTS_PER_CORP_MAX allows no more kf accounts of this corp; registered ones may register again. Have an operator forget accounts that are gone, in the console or by DELETE /api/v1/accounts/:openKfId, or raise ACCOUNTS_PER_CORP_MAX in the manager',
  },
  REGISTRY_NOT_LOADED: {
    status: 503,
    retry: true,
    message: 'The registry has not been loaded yet; try again shortly',
  },

  REGISTRY_CORP_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'No puppet of this corp is registered, so its secret is not known here',
  },

  ACCOUNT_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'There is no such account of this corp; GET /api/v1/accounts lists all of them',
  },
  BOT_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'There is no bot with this id; GET /api/v1/bots lists all of them',
  },
  BOT_ACCOUNT_TAKEN: {
    status: 409,
    retry: false,
    message: 'Another bot has this account; take the account from that bot first',
  },
  BOT_CHANGED: {
    status: 409,
    retry: true,
    message: 'Somebody else has just changed the bot; look at it again and repeat the change',
  },
  BOT_CLOSED: {
    status: 409,
    retry: false,
    message:
      'The secrets of the bot cannot be opened here, and a change would lose them; add their key to SECRETS_KEY, or delete the bot and add it again',
  },
  BOTS_FULL: { status: 409, retry: false, message: 'There are 1,000 bots; delete one that is not needed' },
  BOT_FORBIDDEN: {
    status: 403,
    retry: false,
    message:
      "The bot's key does not open this; it opens the bot's own accounts and its corp's kf and media APIs",
  },
  BOT_UNVERIFIABLE: {
    status: 409,
    retry: false,
    message: 'Only a bot of kind callback with secrets that can be opened has a URL to verify',
  },
  NOTIFY_URL_UNSET: {
    status: 409,
    retry: false,
    message: 'NOTIFY_URL is not set, so nobody is told; set it, start the manager again, and repeat the test',
  },
  REGISTRY_ACCOUNT_OF_BOT: {
    status: 409,
    retry: false,
    message:
      "A bot has this account, so nobody else can register for it; use that bot's key, or ask the operator",
  },
  APP_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'There is no app with this id; GET /api/v1/apps lists all of them',
  },
  APP_READ_ONLY: {
    status: 409,
    retry: false,
    message:
      'This app is in WECOM_APPS_FILE, which is read only at the start; take it out of that file and restart the manager',
  },
  OPERATOR_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'There is no operator of this name; GET /api/v1/operators lists all of them',
  },
  OPERATOR_EXISTS: {
    status: 409,
    retry: false,
    message:
      'An operator of this name exists; choose another name, or give that operator a new token by POST /api/v1/operators/<name>/token',
  },
  OPERATORS_FULL: {
    status: 409,
    retry: false,
    message: 'There are 1,000 operators; remove those that are not needed any more',
  },
  APP_EXISTS: {
    status: 409,
    retry: false,
    message:
      'This corp already has an app with this token and encodingAESKey, and callbacks are opened with them; to change its name or receiveIds, delete it first. If its token and key are lost, add an app without them, and save the new ones in WeCom',
  },
  APPS_FULL: {
    status: 409,
    retry: false,
    message: 'There are 1,000 apps, the most that are kept; delete those that are not used any more',
  },

  WECOM_REFUSED: {
    status: 502,
    retry: false,
    message: 'WeCom refused the call; npx wxkf-manager check says what to do about its errcode',
  },
  WECOM_UNREACHABLE: {
    status: 504,
    retry: true,
    message: 'WeCom cannot be reached or does not answer in time',
  },
  PROXY_PATH_INVALID: {
    status: 400,
    retry: false,
    message:
      'After wxkfRequestProxy/ comes the path of an API under /cgi-bin/, such as kf/sync_msg: letters, digits, "_" and "-" between slashes',
  },
  PROXY_SECRET_AMBIGUOUS: {
    status: 400,
    retry: false,
    message: 'This corp has several secrets; name in openKfId the kf account that the call is for',
  },
  PROXY_UNAUTHENTICATED: {
    status: 401,
    retry: false,
    message:
      'The manager adds an access token only for callers that it knows; send access_token, or have AUTH_PUPPET_TOKEN set and send that secret',
  },
  PROXY_OVERLOADED: {
    status: 429,
    retry: true,
    message: 'Too many calls of this caller and this corp are under way or wait; try again shortly',
  },

  TUNNELS_OFF: {
    status: 403,
    retry: false,
    message: 'Tunnels are off; set TUNNELS=true in the manager',
  },
  TUNNEL_KEY_MISSING: {
    status: 407,
    retry: false,
    message:
      "A tunnel needs a bot's key, as Proxy-Authorization: Bearer <key> or as the password of HTTP Basic; set HTTPS_PROXY=http://bot:<key>@<manager>",
  },
  TUNNEL_KEY_WRONG: {
    status: 407,
    retry: false,
    message:
      'Proxy-Authorization holds no key of a bot; compare what is sent with the key that was shown when the bot was added, or make a new one',
  },
  TUNNEL_TARGET_FORBIDDEN: {
    status: 403,
    retry: false,
    message:
      'A tunnel leads only to the host of WECOM_API_URL and port 443; have the program call all other hosts without this proxy (NO_PROXY)',
  },
  TUNNEL_TO_ITSELF: {
    status: 403,
    retry: false,
    message:
      'This tunnel would lead back to the manager; correct HTTPS_PROXY or WECOM_API_URL in the manager',
  },
  TUNNELS_TOO_MANY: {
    status: 429,
    retry: true,
    message:
      'This bot may have 64 tunnels open and open 30 new ones a second; let it keep its connections, or try again shortly',
  },
  TUNNELS_ENDING: {
    status: 503,
    retry: true,
    message: 'This process is stopping and opens no tunnel any more; try again shortly',
  },

  DISPATCH_NOT_TAKEN: {
    status: 503,
    retry: true,
    message: "The event was neither taken by the kf account's bot nor could it be kept; send it again",
  },

  HINT_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'No event of this kf account waits or is dead',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    retry: false,
    message: 'The delivery log has no such record; it may have been removed because of its age',
  },
  HINT_CHANGED: {
    status: 409,
    retry: false,
    message:
      'The event has changed since it was looked at: it was taken or sent again, or a newer one came in. Nothing was dropped; look at it again',
  },
  HINT_UNDELIVERABLE: {
    status: 409,
    retry: false,
    message:
      'The event cannot be sent, since no bot of its corp takes the kf account at a usable endpoint; have its puppet register, or list the account for a bot, and the event is sent',
  },
  HINTS_REPLAY_UNDER_WAY: {
    status: 409,
    retry: true,
    message: 'This process is already making dead hints due, one after the other; try again when it is done',
  },
  MESSAGE_NOT_FOUND: {
    status: 404,
    retry: false,
    message:
      'No such message of this kf account waits or is dead; it was taken or dropped, or its content was deleted',
  },
  MESSAGE_UNDELIVERABLE: {
    status: 409,
    retry: false,
    message:
      'The message cannot be sent, since no bot is there to take it; start the bot of the kf account, and have its puppet register',
  },
  MESSAGES_REPLAY_UNDER_WAY: {
    status: 409,
    retry: true,
    message:
      'This process is already making dead messages due, one after the other; try again when it is done',
  },
  RESYNC_LIMITED: {
    status: 429,
    retry: true,
    message:
      'Within a minute, bots of this corp were told to pull without a sync token three times by tests, or six times in all. WeCom answers only ten such pulls a minute; try again shortly',
  },
  STREAM_UPGRADE_REQUIRED: {
    status: 426,
    retry: false,
    message:
      'A stream is a WebSocket; send Upgrade: websocket. A proxy in between has to pass the upgrade on',
  },
  STREAM_ENDING: {
    status: 503,
    retry: true,
    message: 'This process is stopping and takes no client any more; connect again shortly',
  },
  STREAM_CLIENTS_TOO_MANY: {
    status: 429,
    retry: true,
    message:
      'This bot has 2,000 connections open at this process; close those that are not needed, and let a client keep one connection',
  },
  STREAM_READERS_TOO_MANY: {
    status: 429,
    retry: true,
    message:
      'Too many readers follow the deliveries of this process already; close one, or try again shortly',
  },

  OUTBOX_FULL: {
    status: 503,
    retry: false,
    message:
      'Events wait for 10,000 accounts of this corp that no bot takes, the most that are kept; have bots take these accounts, or check the openKfIds that are sent',
  },

  OVERLOADED: {
    status: 503,
    retry: true,
    message: 'More callbacks come in than this process can take now; send it again',
  },

  STORE_UNAVAILABLE: { status: 503, retry: true, message: 'The store does not answer; try again shortly' },
  INTERNAL: {
    status: 500,
    retry: true,
    message: 'Something went wrong inside the manager; its log has this requestId',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
