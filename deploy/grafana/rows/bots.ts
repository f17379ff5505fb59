import type { Row } from '../panel.js';
import { rateBy, sumBy } from '../query.js';

const ATTEMPTS = 'wxkf_bot_attempts_total';

export const BOTS_ROW: Row = {
  title: 'Bots that an operator added',
  panels: [
    {
      title: 'Taken by bot',
      description: 'Events that each bot took, tests included.',
      unit: 'ops',
      isStacked: true,
      queries: [{ expr: rateBy('name', ATTEMPTS, 'outcome="taken"'), legend: '{{name}}' }],
    },
    {
      title: 'Not taken by bot',
      description: 'Attempts that a bot did not take; its events are tried again.',
      unit: 'ops',
      queries: [{ expr: rateBy('name', ATTEMPTS, 'outcome!="taken"'), legend: '{{name}}' }],
    },
    {
      title: 'Tunnels by result',
      description:
        'Tunnels to WeCom that bots asked for. refused: no key, a limit, another host. unreachable: WeCom.',
      unit: 'ops',
      isStacked: true,
      queries: [{ expr: rateBy('result', 'wxkf_tunnels_total'), legend: '{{result}}' }],
    },
    {
      title: 'Open tunnels',
      description: 'A bot may have 64.',
      unit: 'short',
      queries: [{ expr: sumBy('instance', 'wxkf_tunnels_open'), legend: '{{instance}}' }],
    },
    {
      title: 'Bytes through tunnels',
      description: 'TLS between bots and WeCom, which the manager cannot read.',
      unit: 'Bps',
      queries: [{ expr: rateBy('direction', 'wxkf_tunnel_bytes_total'), legend: '{{direction}}' }],
    },
  ],
};
