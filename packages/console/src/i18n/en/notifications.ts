import { plural } from '../../../../../src/insight/words/en/plural.js';

export const notifications = {
  title: 'Who is told',
  nobody:
    'Nobody is told what needs attention: NOTIFY_URL is not set. It takes a group robot of WeCom or any webhook:',
  guide: { text: 'Be told without Prometheus', url: '/docs/guide/observe#be-told-without-prometheus' },
  kinds: { robot: 'WeCom group', webhook: 'Webhook' },
  test: 'Send a test',
  sent: 'Test sent',
  notSent: 'Test not sent',
  failed: 'Last message failed',
  told: 'Last told',
  neverTold: 'Nothing was told yet.',
  over: (title: string) => `over: ${title}`,
  list: (titles: readonly string[]) => titles.join('; '),
  more: (count: number) => `and ${plural(count, 'more', 'more')}`,
};
