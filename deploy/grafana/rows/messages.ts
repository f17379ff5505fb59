import type { Row } from '../panel.js';
import { maxBy, quantiles, rateBy, sumBy } from '../query.js';

export const MESSAGES_ROW: Row = {
  title: 'Messages',
  panels: [
    {
      title: 'Messages by state',
      description: 'Of the whole store. waiting: its bot has not taken it yet. dead: given up.',
      unit: 'short',
      queries: [{ expr: maxBy('state', 'wxkf_messages'), legend: '{{state}}' }],
    },
    {
      title: 'Age of the oldest message that waits',
      description: 'Over 15 minutes is a ticket; after 3 days it is given up.',
      unit: 's',
      queries: [{ expr: maxBy('job', 'wxkf_oldest_waiting_message_age_seconds'), legend: '{{job}}' }],
    },
    {
      title: 'Age of a message when taken',
      description: 'How long ago a message was kept when its bot took it.',
      unit: 's',
      queries: quantiles('wxkf_message_age_seconds'),
    },
    {
      title: 'Pulled',
      description: 'What WeCom gave: new messages, and those that were known already.',
      unit: 'ops',
      isStacked: true,
      queries: [{ expr: rateBy('kind', 'wxkf_messages_pulled_total'), legend: '{{kind}}' }],
    },
    {
      title: 'Pulls that failed',
      description: 'WeCom did not give the messages of an account; its event is tried again.',
      unit: 'ops',
      queries: [
        {
          expr: rateBy('occasion', 'wxkf_delivery_duration_seconds_count', 'stage="pull"'),
          legend: '{{occasion}}',
        },
      ],
    },
    {
      title: 'Bots whose pulls fail',
      description: 'The manager only probes WeCom for them.',
      unit: 'short',
      queries: [
        { expr: sumBy('instance', 'wxkf_open_circuits', 'origin="wecom://kf"'), legend: '{{instance}}' },
      ],
    },
    {
      title: 'Messages given up',
      description: 'New dead letters. refused: its bot refused it each time. expired: 3 days old.',
      unit: 'ops',
      queries: [{ expr: rateBy('reason', 'wxkf_messages_buried_total'), legend: '{{reason}}' }],
    },
    {
      title: 'What else becomes of messages',
      description:
        'Sent although an earlier attempt may have been taken; answered and not pulled by a callback bot; found without an event; left to another taker as one event; an event that its bot refused each time; pulled from the beginning, since WeCom refused the cursor.',
      unit: 'ops',
      queries: [
        { expr: rateBy('job', 'wxkf_messages_repeated_total'), legend: 'repeated {{job}}' },
        { expr: rateBy('job', 'wxkf_messages_unpulled_total'), legend: 'unpulled {{job}}' },
        { expr: rateBy('job', 'wxkf_messages_untold_total'), legend: 'untold {{job}}' },
        { expr: rateBy('job', 'wxkf_messages_handed_over_total'), legend: 'handed over {{job}}' },
        { expr: rateBy('job', 'wxkf_messages_passed_over_total'), legend: 'passed over {{job}}' },
        { expr: rateBy('job', 'wxkf_message_cursors_refused_total'), legend: 'cursor refused {{job}}' },
      ],
    },
  ],
};
