import type { Row } from '../panel.js';
import { maxBy, picked, rateBy, sumBy } from '../query.js';

export const PROCESS_ROWS: readonly Row[] = [
  {
    title: 'Load',
    panels: [
      {
        title: 'Callbacks under way',
        description: 'Taken in and not yet answered.',
        unit: 'short',
        queries: [{ expr: maxBy('instance', 'wxkf_callbacks_under_way'), legend: '{{instance}}' }],
      },
      {
        title: 'Turned away',
        description:
          'Callbacks that were kept untried or refused with 503, since more came in than can be handled.',
        unit: 'reqps',
        queries: [{ expr: rateBy('action, reason', 'wxkf_overload_total'), legend: '{{action}} {{reason}}' }],
      },
      {
        title: 'Connections',
        description: 'Open connections of callers.',
        unit: 'short',
        queries: [{ expr: sumBy('instance', 'wxkf_http_connections'), legend: '{{instance}}' }],
      },
      {
        title: 'Connections refused',
        description:
          'Closed at once: CONNECTIONS_MAX in all, or CONNECTIONS_PER_ADDRESS_MAX from one address.',
        unit: 'ops',
        queries: [{ expr: rateBy('limit', 'wxkf_http_connections_refused_total'), legend: '{{limit}}' }],
      },
      {
        title: 'Error answers',
        description: 'By the code in the answer. Only what occurred.',
        unit: 'reqps',
        queries: [{ expr: `${rateBy('error', 'wxkf_error_answers_total')} > 0`, legend: '{{error}}' }],
      },
      {
        title: 'Verification requests',
        description: 'What WeCom asks when the callback URL is saved.',
        unit: 'reqps',
        queries: [{ expr: rateBy('result', 'wxkf_verification_requests_total'), legend: '{{result}}' }],
      },
      {
        title: 'Notifications by result',
        description:
          'Messages to the receivers of NOTIFY_URL. What failed is tried again while the trouble lasts.',
        unit: 'ops',
        queries: [{ expr: rateBy('result', 'wxkf_notifications_total'), legend: '{{result}}' }],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Event loop delay',
        description: 'How late turns of the event loop are; over 0.25 s nothing is answered in time.',
        unit: 's',
        queries: [
          { expr: maxBy('instance', 'nodejs_eventloop_lag_p99_seconds'), legend: 'p99 {{instance}}' },
          { expr: maxBy('instance', 'nodejs_eventloop_lag_max_seconds'), legend: 'max {{instance}}' },
        ],
      },
      {
        title: 'CPU',
        description: 'Cores in use.',
        unit: 'short',
        queries: [{ expr: rateBy('instance', 'process_cpu_seconds_total'), legend: '{{instance}}' }],
      },
      {
        title: 'Memory',
        description: 'Resident, the part of it that lives in the heap, and what it may be.',
        unit: 'bytes',
        queries: [
          { expr: maxBy('instance', 'process_resident_memory_bytes'), legend: 'resident {{instance}}' },
          { expr: maxBy('instance', 'nodejs_heap_size_used_bytes'), legend: 'heap {{instance}}' },
          { expr: maxBy('instance', 'wxkf_memory_limit_bytes'), legend: 'limit {{instance}}' },
        ],
      },
      {
        title: 'Running for',
        description: 'Since the process started.',
        unit: 's',
        queries: [
          { expr: `time() - ${maxBy('instance', 'process_start_time_seconds')}`, legend: '{{instance}}' },
        ],
      },
      {
        title: 'Build',
        description: 'Replicas by version, Node and store.',
        unit: 'short',
        queries: [
          {
            expr: `count by (version, node, storage) (${picked('wxkf_build_info')})`,
            legend: '{{version}}, Node {{node}}, {{storage}}',
          },
        ],
      },
    ],
  },
];
