import type { Row } from '../panel.js';
import { maxBy, quantiles, rateBy, sumBy } from '../query.js';

const DELIVERIES = 'wxkf_delivery_duration_seconds';

export const DELIVERY_ROWS: readonly Row[] = [
  {
    title: 'What waits',
    panels: [
      {
        title: 'Kept events by state',
        description:
          'Of the whole store. parked: no bot takes the account. paused: an operator has paused its bot. unreadable: a damaged record.',
        unit: 'short',
        queries: [{ expr: maxBy('state', 'wxkf_hints'), legend: '{{state}}' }],
      },
      {
        title: 'Age of the oldest that waits',
        description: 'Over 15 minutes is a ticket, over 8 hours a page; after 3 days it is given up.',
        unit: 's',
        queries: [
          { expr: maxBy('job', 'wxkf_oldest_waiting_hint_age_seconds'), legend: '{{job}}' },
          { expr: maxBy('job', 'wxkf_oldest_parked_hint_age_seconds'), legend: '{{job}}, no bot' },
        ],
      },
      {
        title: 'Age when taken',
        description: 'How old an event that was kept is when its puppet takes it: what its customer waited.',
        unit: 's',
        queries: quantiles('wxkf_hint_age_seconds', { labels: 'occasion' }),
      },
      {
        title: 'Kept, by reason',
        description: 'Why events were not delivered at once.',
        unit: 'ops',
        isStacked: true,
        queries: [{ expr: rateBy('stage', 'wxkf_hints_kept_total'), legend: '{{stage}}' }],
      },
      {
        title: 'Given up, by reason',
        description: 'New dead letters. expired: 3 days old.',
        unit: 'ops',
        queries: [{ expr: rateBy('stage', 'wxkf_hints_buried_total'), legend: '{{stage}}' }],
      },
      {
        title: 'What else becomes of kept events',
        description:
          'Replaced by a newer one of their account; sent with an empty token; taken over from a replica that died; settled after their lease.',
        unit: 'ops',
        queries: [
          { expr: rateBy('job', 'wxkf_hints_coalesced_total'), legend: 'coalesced {{job}}' },
          { expr: rateBy('job', 'wxkf_hints_resynced_total'), legend: 'resynced {{job}}' },
          { expr: rateBy('job', 'wxkf_leases_taken_over_total'), legend: 'taken over {{job}}' },
          { expr: rateBy('job', 'wxkf_late_settles_total'), legend: 'settled late {{job}}' },
        ],
      },
    ],
  },
  {
    title: 'Puppets',
    panels: [
      {
        title: 'Registered',
        description: 'Puppets in the registry. offline: they said goodbye, or were found to be gone.',
        unit: 'short',
        isStacked: true,
        queries: [{ expr: maxBy('state', 'wxkf_puppets'), legend: '{{state}}' }],
      },
      {
        title: 'Open circuits by host',
        description: 'Endpoints that failed again and again and are only probed.',
        unit: 'short',
        queries: [{ expr: maxBy('origin', 'wxkf_open_circuits'), legend: '{{origin}}' }],
      },
      {
        title: 'Failed deliveries by stage',
        description: 'How far an attempt came: connect saw nothing of the puppet, timeout and status did.',
        unit: 'ops',
        isStacked: true,
        queries: [
          { expr: rateBy('stage', `${DELIVERIES}_count`, 'outcome="not_taken"'), legend: '{{stage}}' },
        ],
      },
      {
        title: 'Time of a delivery that was taken',
        description: 'What puppets need to answer 2xx. They should answer at once and work afterwards.',
        unit: 's',
        queries: quantiles(DELIVERIES, { labels: 'occasion', match: 'outcome="taken"' }),
      },
      {
        title: 'Sockets to puppets and WeCom',
        description: 'Open outgoing connections, over all replicas.',
        unit: 'short',
        queries: [
          { expr: sumBy('target, origin', 'wxkf_outgoing_sockets'), legend: '{{target}} {{origin}}' },
        ],
      },
      {
        title: 'Deliveries to bots of operators',
        description: 'Attempts at each bot that an operator added, by its name.',
        unit: 'ops',
        queries: [
          { expr: rateBy('name, outcome', 'wxkf_bot_attempts_total'), legend: '{{name}} {{outcome}}' },
        ],
      },
      {
        title: 'Registrations',
        description: 'Puppets that said hello or goodbye. refused: the answer and the log say why.',
        unit: 'ops',
        queries: [
          { expr: rateBy('action, result', 'wxkf_registrations_total'), legend: '{{action}} {{result}}' },
        ],
      },
    ],
  },
];
