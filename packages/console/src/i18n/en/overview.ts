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
    noAnswer: 'WeCom did not answer the call. Check DNS, egress rules and HTTPS_PROXY.',
    httpError:
      'The call was answered with an HTTP error, by WeCom or by a proxy before it. If it stays, check HTTPS_PROXY and WECOM_API_URL.',
    sentences: (...texts: readonly string[]) =>
      texts.map((text) => (/[.?]$/.test(text) ? text : `${text}.`)).join(' '),
    code: (code: string) => `WeCom’s errcode is ${code}.`,
    failing: 'Some customers get no answer',
    failingAccounts: (count: number) => `Customers of ${plural(count, 'account')} get no answer`,
    degraded: 'Some customers may be waiting',
    empty: 'There is no bot yet',
    emptyText: 'Connect a WeCom app, then add a bot, or start a puppet that points to this manager.',
  },
  unprotected: 'Not protected',
  unprotectedText:
    'No role has a secret, so whoever reaches this port may do everything that you can. Set AUTH_OPERATOR_TOKEN and the other roles’ secrets before others may reach it.',
  attention: 'Needs attention',
  lastMinute: 'Last minute, this replica',
  customers: 'Customers whom bots and people share, of the last 48 hours',
  now: 'Accounts, by what their customers get',
  figure: {
    callbacks: 'Callbacks/min',
    delivered: 'Delivered at once',
    deliveredLater: 'Delivered later',
    kept: 'Kept for later',
    refused: 'Refused',
    notTaken: 'Not taken (5xx)',
    buried: 'Became dead',
    failedAttempts: 'Failed attempts',
    accounts: 'Accounts',
    waiting: 'Waiting',
    dead: 'Dead',
    working: 'Being answered',
    unanswered: 'Get no answer',
    unseen: 'Replies not seen',
    inPool: 'Wait for a person',
    longestWait: 'Longest wait',
    withPeople: 'With a person',
    withBots: 'With a bot',
  },
  flow: 'Callbacks, by outcome',
  flowUnit: (interval: string) => `Callbacks per ${interval}`,
  settled: 'Kept events, by outcome',
  settledUnit: (interval: string) => `Accounts per ${interval}`,
  backlog: 'Accounts with waiting events',
  backlogUnit: 'Accounts',
  overTime: 'Over time, all replicas',
  range: 'Range',
  ranges: { '1h': '1 hour', '6h': '6 hours', '24h': '24 hours', '3d': '3 days' },
  starts: 'Manager started',
  notStored:
    'The store does not answer. What it has of the past is not drawn, only what this replica counts within this minute.',
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
