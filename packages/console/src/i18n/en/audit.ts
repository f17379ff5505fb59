/** "alice added bot LangBot"; where it did not work, "alice could not add bot LangBot". */
function act(did: string, attempted: string) {
  return (who: string, whom: string, isDone: boolean): string =>
    `${who} ${(isDone ? did : `could not ${attempted}`).replace('{}', () => whom)}`;
}

const FORGOT = act('forgot the registration of {}', 'forget the registration of {}');
const TESTED = act('tested {}', 'test {}');

export const audit = {
  title: 'Audit',
  table: 'What operators did, the latest first',
  operator: 'Operator',
  within: 'Within',
  ranges: { '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days' },
  when: 'When',
  what: 'What',
  address: 'From',
  answer: 'Result',
  somebody: 'Somebody',
  sharedSecret: 'The shared secret',
  openManager: 'Somebody without a sign-in',
  times: (sentence: string, times: string) => `${sentence} (${times} times)`,
  worked: 'done',
  refused: 'not allowed',
  failed: 'failed',
  hungUp: 'hung up',
  call: 'Call',
  requestId: 'Request',
  kept: 'Kept for 90 days.',
  nothing: 'Nobody did anything',
  nothingText:
    'Changes by operators, sign-ins and sign-outs appear here a second later, and stay for 90 days.',
  noMatch: 'Nothing matches these filters',
  /** By method and route. `{}` is whom it is about. */
  acts: {
    'POST /console/session': act('signed in', 'sign in'),
    'GET /console/oidc/callback': act(
      'signed in with the company’s account',
      'sign in with the company’s account',
    ),
    'DELETE /console/session': act('signed out', 'sign out'),
    'POST /api/v1/apps': act('connected app {}', 'connect an app'),
    'DELETE /api/v1/apps/:id': act('removed app {}', 'remove app {}'),
    'POST /api/v1/bots': act('added bot {}', 'add a bot'),
    'PATCH /api/v1/bots/:id': act('changed bot {}', 'change bot {}'),
    'DELETE /api/v1/bots/:id': act('removed bot {}', 'remove bot {}'),
    'POST /api/v1/bots/:id/key': act('made a new key for bot {}', 'make a new key for bot {}'),
    'POST /api/v1/bots/:id/verify': act('verified the URL of bot {}', 'verify the URL of bot {}'),
    'POST /api/v1/operators': act('added operator {}', 'add an operator'),
    'POST /api/v1/operators/:name/token': act('gave operator {} a new token', 'give operator {} a new token'),
    'DELETE /api/v1/operators/:name': act('removed operator {}', 'remove operator {}'),
    'DELETE /api/v1/accounts/:openKfId': FORGOT,
    'POST /api/v1/accounts/:openKfId/test': TESTED,
    // As 2.1 called them, in entries that are kept.
    'DELETE /api/v1/kf-accounts/:openKfId': FORGOT,
    'POST /api/v1/kf-accounts/:openKfId/test': TESTED,
    'POST /api/v1/hints/replay': act('sent dead events again', 'send dead events again'),
    'POST /api/v1/hints/:openKfId/replay': act('sent the event of {} again', 'send the event of {} again'),
    'DELETE /api/v1/hints/:openKfId': act('dropped the event of {}', 'drop the event of {}'),
    'POST /api/v1/messages/replay': act('sent dead messages again', 'send dead messages again'),
    'POST /api/v1/messages/:openKfId/:webhookId/replay': act(
      'sent a message of {} again',
      'send a message of {} again',
    ),
    'DELETE /api/v1/messages/:openKfId/:webhookId': act('dropped a message of {}', 'drop a message of {}'),
    'POST /api/v1/notifications/test': act('sent a test to who is told', 'send a test to who is told'),
  } as Readonly<Record<string, (who: string, whom: string, isDone: boolean) => string>>,
  /** Of a bot. */
  changed: (who: string, fields: readonly string[], whom: string) =>
    `${who} changed ${fields.length < 2 ? fields.join() : `${fields.slice(0, -1).join(', ')} and ${fields.at(-1)}`} of bot ${whom}`,
  fields: {
    name: 'the name',
    openKfIds: 'the accounts',
    callback: 'the URL',
    takes: 'what is taken',
    include: 'what is taken',
    since: 'the start',
    api: 'the API',
    corpSecret: 'the Secret',
    order: 'the order',
    paused: 'the pause',
  } as Readonly<Record<string, string>>,
  other: (who: string, call: string, isDone: boolean) =>
    `${who} ${isDone ? 'called' : 'could not call'} ${call}`,
};
