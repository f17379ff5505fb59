export const wecomErrors = {
  title: 'WeCom errors',
  intro:
    'Refusals by WeCom, or by the manager in its name, since the start of the replicas that ran within 3 days.',
  table: 'Refusals by WeCom, by error code',
  code: 'Code',
  operations: { gettoken: 'asking for an access token', call: 'an API call through the proxy' },
  count: 'Times',
  last: 'Last seen',
  what: 'What it means',
  remedy: 'What to do',
  operation: 'During',
  corp: 'Corp',
  account: 'Account',
  bot: 'Bot',
  calls: 'Calls that failed within 24 hours',
  noCalls: 'None.',
  api: 'API',
  hours: 'Each hour',
  perHour: (counts: string) => `Each of the last 24 hours, the oldest first: ${counts}`,
  faults: {
    unreachable: 'No answer of WeCom',
    status: 'An HTTP error',
    other: 'Calls of this corp that are not counted one by one',
  },
  nothing: 'WeCom refused nothing',
  nothingText:
    'Every access token was given and every API call was taken, as far as the replicas have seen that ran within 3 days.',
  unknown: 'A code that is not counted by itself, or an answer that WeCom does not document',
  otherRemedy: 'The table of failed calls has each by its code, corp, bot and account.',
  unknownRemedy: 'WeCom’s page about the code says what it means; the caller’s log has WeCom’s errmsg.',
  /** What to do about 60020: the address stands between the two. */
  unlisted: {
    before: 'List',
    after: 'at the app’s trusted IPs (企业可信IP). It takes effect about a minute later.',
    address: 'Address to list',
  },
  lookUp: 'WeCom’s page about this code',
};
