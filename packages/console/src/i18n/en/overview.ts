import { plural } from './plural.js';

export const overview = {
  title: 'Overview',
  verdict: {
    answered: 'Customers are being answered',
    answeredText: (answering: number, silent: number) =>
      `Events are taken, WeCom answers, and replies of ${plural(answering, 'account')} went out within the last hour. Nothing waits.${silent === 0 ? '' : ` Of ${plural(silent, 'account')} that had events, none went out within the hour.`}`,
    partly: (answering: number) => `Customers of ${plural(answering, 'account')} are being answered`,
    partlyText: (unseen: number) =>
      `Events of ${plural(unseen, 'more account')} reach their bots. Whether customers are answered there is not known: replies of those bots do not pass through here.`,
    unseen: 'Events reach the bots; no reply was seen',
    unseenText: (unseen: number, silent: number) =>
      unseen === 0
        ? `Within the last hour no reply of ${plural(silent, 'account')} passed through here; earlier ones did.`
        : `Whether customers are answered is not known: replies of ${plural(unseen, 'account')} do not pass through here. They do where this manager is the base of a bot’s calls to WeCom.`,
    quiet: 'No bot took an event from this replica during the last hour',
    quietSinceStart: (age: string) =>
      `No bot has taken an event from this replica since it started, ${age} ago`,
    quietText: (accounts: number) =>
      `${plural(accounts, 'account')} registered, nothing waits. Other replicas, and this one before it started, are not in it. If customers are writing, look whether WeCom’s callback URL is this manager’s.`,
    lastReply: 'Last reply',
    since: (at: string) => `since ${at}`,
    wecomUnreachable: 'WeCom does not answer',
    wecomStatus: 'WeCom answers calls with an HTTP error',
    wecomRefuses: (corps: number, code: string) =>
      `WeCom refuses the calls of ${plural(corps, 'corp')} (${code})`,
    wecomFailsText:
      'Events still reach the bots, and bots can neither read nor answer. Check DNS, egress rules, HTTPS_PROXY and WECOM_API_URL.',
    unanswered: (calls: number) =>
      `${plural(calls, 'call')} to WeCom in the last minute got no answer: over a fifth of all`,
    repliesFail: (accounts: number, name: string | null) =>
      `No reply of ${name ?? plural(accounts, 'account')} goes out`,
    repliesFailText: 'What bots answer does not reach customers.',
    noAnswer: 'WeCom did not answer the call. Check DNS, egress rules and HTTPS_PROXY.',
    httpError:
      'The call was answered with an HTTP error, by WeCom or by a proxy before it. If it stays, check HTTPS_PROXY and WECOM_API_URL.',
    sentences: (...texts: readonly string[]) =>
      texts.map((text) => (/[.?]$/.test(text) ? text : `${text}.`)).join(' '),
    code: (code: string) => `WeCom’s errcode is ${code}.`,
    failing: 'Some customers get no answer',
    degraded: 'Some customers may be waiting',
    attention: 'Needs attention',
    more: (count: number) => `and ${plural(count, 'more cause', 'more causes')}`,
    waiting: (accounts: number | string, address: string | null) =>
      `${typeof accounts === 'string' ? `${accounts} waits` : plural(accounts, 'account waits', 'accounts wait')}${address === null ? '' : ` for ${address}`}`,
    waitingText: 'Each is tried again by itself, and at once when its bot is back.',
    dead: (accounts: number, address: string | null) =>
      `What came in for ${plural(accounts, 'account')}${address === null ? '' : ` of ${address}`} is dead`,
    deadText:
      'It is tried no more until you send it again, its puppet registers anew, or the customer writes again.',
    deadMessages: (count: number) => `${plural(count, 'message is', 'messages are')} dead`,
    deadMessagesText:
      'Their bots refused them again and again, or they are too long. They are tried no more until you send them again, and are gone after 3 days.',
    waitingMessages: (count: number) => `${plural(count, 'message waits', 'messages wait')}`,
    waitingMessagesText:
      'Their bots do not take messages now. They are tried again by themselves, each account’s in their order.',
    parked: (accounts: number, corp: string | null) =>
      `${plural(accounts, 'account')}${corp === null ? '' : ` of ${corp}`} ${accounts === 1 ? 'has' : 'have'} no bot, and customers wrote`,
    noAccount: (accounts: number, name: string | null) =>
      `${name ?? plural(accounts, 'account')} ${accounts === 1 ? 'is' : 'are'} unknown to WeCom`,
    noAccountText: 'Customers cannot write there, and nothing that a bot answers goes out.',
    refused: (callbacks: number) =>
      `${plural(callbacks, 'callback was', 'callbacks were')} refused in the last minute`,
    refusedText:
      'They were not WeCom’s, or signed with another token and key than are known here. The manager’s log says which.',
    notTaken: (callbacks: number) =>
      `${plural(callbacks, 'callback', 'callbacks')} of the last minute ${callbacks === 1 ? 'was' : 'were'} neither delivered nor kept`,
    notTakenText:
      'WeCom was answered with a 5xx and sends such a callback again a few times only; after that the puppet notices at the next message. Usually the store is slow or away, or more comes in than this replica can handle. The manager’s log says which.',
    unknown: 'What waits is not known',
    unknownText: 'The store has not told yet. Callbacks are taken meanwhile.',
    storeDown: 'The store does not answer',
    storeDownText:
      'Puppets that answer are still served. What a puppet does not take now is refused, and WeCom sends it again a few times only. Look after the database or the disk first.',
    notReady: 'This replica takes no callbacks',
    notReadyText: 'It has not loaded its registry yet, or it is shutting down.',
    empty: 'No puppet has registered yet',
    emptyText: 'Connect a WeCom app, then start a puppet that points to this manager.',
    tokenRefused: (bot: string) => `WeCom refuses the access token of ${bot}`,
    tokenRefusedText: 'Usually its corpSecret is wrong: it can neither read messages nor answer them.',
    silent: (accounts: number, name: string | null) =>
      `${name ?? plural(accounts, 'account')} took messages, and no reply followed`,
    silentText: 'The bot answers, and sends nothing to the customer. Look into its log.',
    botCallsFail: (bot: string) => `WeCom refuses calls of ${bot}`,
    botCallsFailText: 'The calls name no kf account, so it is not known whose customers they are about.',
    paused: (accounts: number) =>
      `${plural(accounts, 'account waits', 'accounts wait')} for a bot that is paused`,
    pausedText: 'Nothing is sent until somebody resumes the bot.',
    circuits: (count: number, address: string | null) =>
      `Deliveries to ${address ?? plural(count, 'address', 'addresses')} fail`,
    unreadable: (count: number) => `${plural(count, 'record')} of the outbox cannot be read`,
    unreadableText: 'Usually the key that sealed them is missing from SECRETS_KEY.',
  },
  toOutbox: 'See what waits',
  toDead: 'See what is dead',
  toApps: 'Connect a WeCom app',
  toAccounts: 'See the accounts',
  toBots: 'Add a bot',
  toBot: 'See the bot',
  toAccount: 'See the account',
  toErrors: 'See WeCom’s errors',
  unprotected: 'Not protected',
  unprotectedText:
    'No role has a secret, so whoever reaches this port may do everything that you can. Set AUTH_OPERATOR_TOKEN and the other roles’ secrets before others may reach it.',
  lastMinute: 'Last minute, this replica',
  now: 'Within the hour, this replica',
  figure: {
    callbacks: 'Callbacks',
    delivered: 'Delivered at once',
    deliveredLater: 'Delivered later',
    kept: 'Kept for later',
    refused: 'Refused',
    notTaken: 'Not taken (5xx)',
    buried: 'Became dead',
    failedAttempts: 'Failed attempts',
    tokenRequests: 'Token requests',
    proxyCalls: 'API calls',
    accounts: 'Accounts',
    online: (count: number) => `${count.toLocaleString('en')} online`,
    waiting: 'Waiting',
    dead: 'Dead',
    answering: 'Accounts that reply',
    silent: 'Took events, no reply',
    unseen: 'Replies not seen here',
  },
  flow: 'What came in, and what became of it',
  flowUnit: (interval: string) => `Callbacks per ${interval}`,
  settled: 'What became of what was kept',
  settledUnit: (interval: string) => `Accounts per ${interval}`,
  backlog: 'What could not be delivered yet',
  backlogUnit: 'Accounts',
  overTime: 'Over time, all replicas',
  range: 'Range',
  ranges: { '1h': '1 hour', '6h': '6 hours', '24h': '24 hours', '3d': '3 days' },
  starts: 'Manager started',
  notStored:
    'The store does not answer. What it has of the past is not drawn, only what this replica counts within this minute.',
  total: 'in all',
  latest: 'now',
  asTable: 'As a table',
  from: 'From',
  chartOf: (names: string, unit: string) => `Bar chart of ${names}. ${unit}. The same as a table follows.`,
  replica: 'Replica',
  version: 'Version',
  node: 'Node.js',
  uptime: 'Up for',
  storage: 'Storage',
  storageKinds: { mongodb: 'MongoDB', embedded: 'Embedded (SQLite)' },
  up: 'answers',
  down: 'does not answer',
  ready: 'Takes callbacks',
  yes: 'yes',
  no: 'no',
  about: 'This replica',
};
