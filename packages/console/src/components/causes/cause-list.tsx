import { DownOutlined, RightOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { Link } from 'wouter';
import type { CauseAnswer } from '../../api/answers.gen.js';
import { formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { LinkButton } from '../link-button.js';
import { CallRemedy } from '../remedy.js';
import { StateTag } from '../state-tag.js';
import { Table } from '../table.js';
import { accountsOf, subjectsOf, wordsOfCause } from './cause-words.js';
import { type CauseGroup, groupCauses } from './group-causes.js';

/** So many rows leave the counters and the first chart within 900 px. */
const SHOWN_MAX = 6;

interface CauseListProps {
  readonly causes: readonly CauseAnswer[];
  readonly caption: string;
  /** On a page about what has the causes: the worst one says at once what to do. */
  readonly isFirstOpen?: boolean;
}

/** A row for each cause, grouped where they are equal. The remedy opens on a click. */
export function CauseList({ causes, caption, isFirstOpen = false }: CauseListProps) {
  const words = t().causes;
  const groups = groupCauses(causes);
  const [opened, setOpened] = useState<string | null>(isFirstOpen ? (groups[0]?.key ?? null) : null);
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? groups : groups.slice(0, SHOWN_MAX);
  const hidden = groups.length - shown.length;
  return (
    <>
      <Table<CauseGroup>
        caption={caption}
        isHeadHidden
        rows={shown}
        keyOf={({ key }) => key}
        columns={[
          {
            key: 'subject',
            head: words.head.subject,
            cell: (group) => (
              <Opener
                group={group}
                isOpen={opened === group.key}
                onToggle={() => setOpened(opened === group.key ? null : group.key)}
              />
            ),
          },
          {
            key: 'accounts',
            head: words.head.accounts,
            width: 216,
            from: 'l',
            cell: ({ causes: all }) => accountsOf(all),
          },
          {
            key: 'since',
            head: words.head.since,
            width: 112,
            from: 'm',
            cell: ({ causes: [{ since }] }) => (since === null ? '' : t().accounts.since(formatSince(since))),
          },
          { key: 'amount', head: words.head.amount, width: 120, from: 'xl', cell: amountOf },
          {
            key: 'action',
            head: words.head.action,
            width: 148,
            isNumber: true,
            cell: ({ causes: [first] }) => <Action of={first} />,
          },
        ]}
        detail={(group) => (opened === group.key ? <Remedy of={group} /> : null)}
      />
      {hidden > 0 && (
        <Button type="link" onClick={() => setWhole(true)}>
          {words.more(hidden)}
        </Button>
      )}
    </>
  );
}

interface OpenerProps {
  readonly group: CauseGroup;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** Severity, name and what is wrong, all of which open the remedy. */
function Opener({ group: { causes: all }, isOpen, onToggle }: OpenerProps) {
  const words = t().causes;
  const [first] = all;
  const { what } = wordsOfCause(first);
  const subject = subjectsOf(all);
  const title = words.title(subject, what);
  return (
    <button type="button" className="cause" aria-expanded={isOpen} title={title} onClick={onToggle}>
      {isOpen ? <DownOutlined /> : <RightOutlined />}
      <StateTag tone={first.severity} text={words.severity[first.severity]} />
      <strong>{subject}</strong>
      <span className="cut">{what}</span>
    </button>
  );
}

function amountOf({ causes: [first, ...others] }: CauseGroup): string {
  const count = others.reduce((sum, cause) => sum + cause.count, first.count);
  return wordsOfCause({ ...first, count }).amount;
}

function Action({ of: cause }: { readonly of: CauseAnswer }) {
  const { action } = wordsOfCause(cause);
  return action === null || action.href === location.pathname ? null : (
    <LinkButton size="small" href={action.href}>
      {action.text}
    </LinkButton>
  );
}

/** What to do, and of a group each of its members with the way to it. */
function Remedy({ of: { causes: all } }: { readonly of: CauseGroup }) {
  const [first] = all;
  const { remedy, callFault } = wordsOfCause(first);
  const accounts = accountsOf(all);
  return (
    <div className="remedy">
      <p>
        {remedy}{' '}
        {callFault !== null && <CallRemedy why={callFault} unlistedAddress={first.unlistedAddress} />}
      </p>
      {accounts !== '' && (
        <p className="muted below-l">
          {t().causes.head.accounts}: {accounts}
        </p>
      )}
      {all.length > 1 && (
        <ul>
          {all.map((cause) => (
            <Member
              key={`${cause.key} ${cause.botId} ${cause.openKfId} ${cause.address} ${cause.corpId}`}
              of={cause}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function Member({ of: cause }: { readonly of: CauseAnswer }) {
  const { subject, since, amount, action } = wordsOfCause(cause);
  return (
    <li>
      {action === null ? subject : <Link href={action.href}>{subject}</Link>}{' '}
      <span className="muted">{[since, amount].filter((text) => text !== '').join(' · ')}</span>
    </li>
  );
}
