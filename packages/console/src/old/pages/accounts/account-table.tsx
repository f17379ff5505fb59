import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { AccountLink } from '../../components/account-link.js';
import { Chip } from '../../components/chip.js';
import { CorpId } from '../../components/corp-id.js';
import { DataTable } from '../../components/data-table.js';
import { P95 } from '../../components/p95.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatMs, formatSeconds, formatShare } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { ACCOUNT_TONES } from './account-tone.js';

interface AccountTableProps {
  readonly rows: readonly KfAccountAnswer[];
  /** Of the API; empty for its own. */
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}

export function AccountTable({ rows, sort, onSort }: AccountTableProps) {
  const { accounts, common } = t();
  return (
    <DataTable
      caption={accounts.table}
      rows={rows}
      sort={{ by: sort, onSort }}
      isDense
      keyOf={({ openKfId }) => openKfId}
      columns={[
        {
          key: 'account',
          head: accounts.account,
          sort: { by: 'name', direction: 'ascending' },
          cell: ({ openKfId, name }) => <AccountLink openKfId={openKfId} name={name} />,
        },
        {
          key: 'state',
          head: accounts.state,
          cell: ({ state, replyFailure, noAccount }) => (
            <>
              <Chip tone={ACCOUNT_TONES[state]} text={accounts.states[state]} />{' '}
              {replyFailure !== null && <Chip tone="bad" text={accounts.repliesFail} />}
              {noAccount !== null && <Chip tone="bad" text={accounts.noAccount} />}
            </>
          ),
        },
        { key: 'corp', head: accounts.corp, cell: ({ corpId }) => <CorpId corpId={corpId} /> },
        {
          key: 'endpoint',
          head: accounts.endpoint,
          cell: ({ endpoint, circuit }) => (
            <>
              <span class="mono small wrap short" title={endpoint}>
                {endpoint.replace(/^https?:\/\//, '')}
              </span>{' '}
              {circuit === 'open' && <Chip tone="wait" text={accounts.circuitOpen} />}
            </>
          ),
        },
        {
          key: 'hint',
          head: accounts.hint,
          sort: { by: 'waitingSince', direction: 'descending' },
          cell: ({ hint }) => (hint === null ? common.none : formatSeconds(hint.ageS)),
        },
        {
          key: 'success',
          head: accounts.success,
          isNumber: true,
          sort: { by: 'success', direction: 'ascending' },
          cell: ({ lastHour: { taken, attempts } }) =>
            attempts === 0 ? common.none : formatShare(taken, attempts),
        },
        {
          key: 'p50',
          head: accounts.p50,
          isNumber: true,
          cell: ({ lastHour: { p50Ms } }) => (p50Ms === null ? common.none : formatMs(p50Ms)),
        },
        {
          key: 'p95',
          head: accounts.p95,
          isNumber: true,
          sort: { by: 'p95', direction: 'descending' },
          cell: ({ lastHour: { p95Ms } }) => <P95 ms={p95Ms} />,
        },
        {
          key: 'delivery',
          head: accounts.lastDelivery,
          cell: ({ lastDelivery }) =>
            lastDelivery === null ? common.none : <TimeAgo at={lastDelivery.at} />,
        },
        {
          key: 'reply',
          head: accounts.lastReply,
          cell: ({ lastReplyAt }) => (lastReplyAt === null ? common.none : <TimeAgo at={lastReplyAt} />),
        },
      ]}
    />
  );
}
