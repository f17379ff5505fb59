import { plural } from '../../../../../src/insight/words/en/plural.js';
import { causes as said } from '../../../../../src/insight/words/en/causes.js';

export const causes = {
  ...said,
  severity: { bad: 'No answer', wait: 'Warning' },
  head: {
    severity: 'Severity',
    subject: 'Who',
    what: 'What',
    accounts: 'Accounts',
    since: 'Since',
    amount: 'How many',
    action: 'Next',
  },
  more: (count: number) => `Show ${plural(count, 'more cause', 'more causes')}`,
  toAccount: 'Open account',
  toBot: 'Open bot',
  toAccounts: 'Accounts',
  toApps: 'Apps',
  toWaiting: 'Waiting',
  toDead: 'Dead letters',
  toErrors: 'WeCom errors',
  toRefused: 'Refused ones',
  addBot: 'Add a bot',
  connectApp: 'Connect a WeCom app',
};
