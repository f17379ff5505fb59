import type { Row } from '../panel.js';
import { maxBy, picked, quantiles, rateBy } from '../query.js';

const CALLBACKS = 'wxkf_callback_duration_seconds';
const DELIVERIES = 'wxkf_delivery_duration_seconds';

/** Those refused for overload were never opened and are counted by themselves. */
const increase = (results: string): string => `sum(
  increase(${picked(`${CALLBACKS}_count`, results)}[$__range])
  or
  increase(${picked('wxkf_overload_total', 'action="refused"')}[$__range]))`;

const ANSWERED_SHARE = `1 - ${increase('result=~"not_taken|failed"')}
/ ${increase('result!~"refused|overloaded"')}`;

export const ANSWERS_ROW: Row = {
  title: 'Are customers answered?',
  panels: [
    {
      title: 'Ready replicas',
      description: 'Replicas that can take callbacks: registry loaded, not draining.',
      unit: 'short',
      isFigure: true,
      queries: [{ expr: `sum(${picked('wxkf_ready')})`, legend: 'ready' }],
    },
    {
      title: 'Answered 200',
      description: 'Of the callbacks in the time shown, without those that were rightly refused.',
      unit: 'percentunit',
      isFigure: true,
      queries: [{ expr: ANSWERED_SHARE, legend: 'answered' }],
    },
    {
      title: 'Waiting',
      description: 'Events that wait for their puppet, one per kf account.',
      unit: 'short',
      isFigure: true,
      queries: [{ expr: maxBy('job', 'wxkf_hints', 'state="waiting"'), legend: '{{job}}' }],
    },
    {
      title: 'Oldest waiting',
      description: 'How long a customer has waited for a puppet, at the most.',
      unit: 's',
      isFigure: true,
      queries: [{ expr: maxBy('job', 'wxkf_oldest_waiting_hint_age_seconds'), legend: '{{job}}' }],
    },
    {
      title: 'Dead letters',
      description: 'Events that were given up, after 3 days or for an unusable endpoint.',
      unit: 'short',
      isFigure: true,
      queries: [{ expr: maxBy('job', 'wxkf_hints', 'state="dead"'), legend: '{{job}}' }],
    },
    {
      title: 'Events cannot be kept',
      description: '1 while the last event that was to be kept could not be.',
      unit: 'short',
      isFigure: true,
      queries: [{ expr: maxBy('job', 'wxkf_keeping_failing'), legend: '{{job}}' }],
    },
    {
      title: 'Callbacks by result',
      description:
        'not_taken and failed are not answered 200; pending is kept and delivered later. What overload refuses is in Turned away.',
      unit: 'reqps',
      isStacked: true,
      queries: [{ expr: rateBy('result', `${CALLBACKS}_count`), legend: '{{result}}' }],
    },
    {
      title: 'Time to answer WeCom',
      description:
        'From the request to the answer, without what is refused. What no bot takes in 1 s is kept.',
      unit: 's',
      queries: quantiles(CALLBACKS, { match: 'result!="refused"' }),
    },
    {
      title: 'Deliveries',
      description: 'Attempts to hand an event to its puppet: at once (inline) or of what was kept.',
      unit: 'ops',
      isStacked: true,
      queries: [
        {
          expr: rateBy('occasion, outcome', `${DELIVERIES}_count`),
          legend: '{{occasion}} {{outcome}}',
        },
      ],
    },
  ],
};
