import type { Row } from '../panel.js';
import { maxBy, quantiles, rateBy } from '../query.js';

const STORE = 'wxkf_store_operation_duration_seconds';
const PROXY = 'wxkf_proxy_call_duration_seconds';
const TOKENS = 'wxkf_token_inquiry_duration_seconds';

export const WECOM_AND_STORE_ROWS: readonly Row[] = [
  {
    title: 'WeCom',
    panels: [
      {
        title: 'Token requests by source',
        description: 'memory and store need no call of WeCom; upstream does.',
        unit: 'reqps',
        isStacked: true,
        queries: [{ expr: rateBy('source', 'wxkf_token_requests_total'), legend: '{{source}}' }],
      },
      {
        title: 'Questions for tokens, by result',
        description: 'Calls of gettoken. refused: WeCom does not accept a secret or the address.',
        unit: 'reqps',
        queries: [{ expr: rateBy('result', `${TOKENS}_count`), legend: '{{result}}' }],
      },
      {
        title: 'Time of a question for a token',
        description: 'Until WeCom answered, whatever it said; given up after 5 s.',
        unit: 's',
        queries: quantiles(TOKENS),
      },
      {
        title: 'Errors of WeCom by errcode',
        description:
          '60020: address not allowed. 40001, 40013, 40091: secret or corp wrong. 45009: too often. Only what occurred.',
        unit: 'ops',
        queries: [
          {
            expr: `${rateBy('operation, errcode', 'wxkf_wecom_errors_total')} > 0`,
            legend: '{{operation}} {{errcode}}',
          },
        ],
      },
      {
        title: 'Proxied calls by result',
        description: 'limited: over a limit of WeCom that the manager keeps, and not made.',
        unit: 'reqps',
        isStacked: true,
        queries: [{ expr: rateBy('result', `${PROXY}_count`), legend: '{{result}}' }],
      },
      {
        title: 'Time of a proxied call',
        description: 'Of calls that WeCom answered, from the request to the last byte.',
        unit: 's',
        queries: quantiles(PROXY, { match: 'result="answered"' }),
      },
      {
        title: 'Replies by result',
        description: 'What bots sent to customers: refused by WeCom or in its name, or without an answer.',
        unit: 'reqps',
        isStacked: true,
        queries: [{ expr: rateBy('result', 'wxkf_replies_total'), legend: '{{result}}' }],
      },
      {
        title: 'Corps and accounts that fail',
        description:
          'Corps that WeCom does not serve, or whose callbacks do not arrive, and accounts of which no reply goes out.',
        unit: 'short',
        queries: [
          { expr: maxBy('instance', 'wxkf_failing_wecom_corps'), legend: 'corps at {{instance}}' },
          {
            expr: maxBy('instance, why', 'wxkf_corps_without_callbacks'),
            legend: 'without callbacks at {{instance}}, {{why}}',
          },
          { expr: maxBy('instance', 'wxkf_failing_reply_accounts'), legend: 'accounts at {{instance}}' },
        ],
      },
    ],
  },
  {
    title: 'Store',
    panels: [
      {
        title: 'Operations by result',
        description: 'All operations on MongoDB or the embedded store.',
        unit: 'ops',
        queries: [{ expr: rateBy('store, result', `${STORE}_count`), legend: '{{store}} {{result}}' }],
      },
      {
        title: 'Operations',
        description: 'The same by what was done.',
        unit: 'ops',
        isStacked: true,
        queries: [{ expr: `${rateBy('operation', `${STORE}_count`)} > 0`, legend: '{{operation}}' }],
      },
      {
        title: 'Time of an operation',
        description: 'Over all operations that did not fail.',
        unit: 's',
        queries: quantiles(STORE, { labels: 'store', match: 'result="ok"' }),
      },
      {
        title: 'Age of the registry image',
        description:
          'How long ago a replica last learned what others registered; always 0 on the embedded store.',
        unit: 's',
        queries: [{ expr: maxBy('instance', 'wxkf_registry_sync_age_seconds'), legend: '{{instance}}' }],
      },
    ],
  },
];
