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
import { actionOf, type CauseGroup, groupCauses } from './group-causes.js';

/** So many rows leave the counters and the first chart within 900 px. */
const SHOWN_MAX = 6;

interface CauseListProps {
  readonly causes: readonly CauseAnswer[];
  readonly caption: string;
  /** On a page about what has the causes: the worst one says at once what to do. */
  readonly isFirstOpen?: boolean;
}

/** A row for each cause, grouped where they are equal. The remedy opens on a click, and stands open where no page mends it. */
export function CauseList({ causes, caption, isFirstOpen = false }: CauseListProps) {
  const words = t().causes;
  const groups = groupCauses(causes);
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const isOpen = ({ key, causes: [first] }: CauseGroup): boolean =>
    toggled.get(key) ?? ((isFirstOpen && key === groups[0]?.key) || wordsOfCause(first).action === null);
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? groups : groups.slice(0, SHOWN_MAX);
  const hidden = groups.length - shown.length;
  // A column without a word leaves its width to the causes.
  const filled = FACTS.filter(({ cell }) => shown.some((group) => cell(group) !== ''));
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
            isWhole: true,
            cell: (group) => (
              <>
                <Opener
                  group={group}
                  isOpen={isOpen(group)}
                  onToggle={() => setToggled(new Map(toggled).set(group.key, !isOpen(group)))}
                />
                <div className="cause-action below-m">
                  <Action of={group} />
                </div>
              </>
            ),
          },
          ...filled.map(
            (fact) => ({ ...fact, head: words.head[fact.key], from: 'l', isWhole: true }) as const,
          ),
          {
            key: 'action',
            head: words.head.action,
            width: 148,
            from: 'm',
            isNumber: true,
            cell: (group) => <Action of={group} />,
          },
        ]}
        detail={(group) => (isOpen(group) ? <Remedy of={group} /> : null)}
      />
      {hidden > 0 && (
        <Button type="link" onClick={() => setWhole(true)}>
          {words.more(hidden)}
        </Button>
      )}
    </>
  );
}

/** What else a row says of its causes: columns, and where these have no room a line below. */
const FACTS = [
  { key: 'accounts', width: 216, cell: ({ causes }: CauseGroup) => accountsOf(causes) },
  { key: 'since', width: 112, cell: sinceOf },
  { key: 'amount', width: 120, cell: amountOf },
] as const;

interface OpenerProps {
  readonly group: CauseGroup;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** Severity, name and what is wrong, all of which open the remedy. */
function Opener({ group, isOpen, onToggle }: OpenerProps) {
  const { causes: all } = group;
  const [first] = all;
  const facts = FACTS.map(({ cell }) => cell(group)).filter((text) => text !== '');
  return (
    <button type="button" className="cause" aria-expanded={isOpen} onClick={onToggle}>
      {isOpen ? <DownOutlined /> : <RightOutlined />}
      <StateTag tone={first.severity} text={t().causes.severity[first.severity]} />
      <span className="said">
        <strong>{subjectsOf(all)}</strong> <span className="what">{wordsOfCause(first).what}</span>
      </span>
      {facts.length > 0 && <span className="small muted below-l">{facts.join(' · ')}</span>}
    </button>
  );
}

function sinceOf({ causes: [{ since }] }: CauseGroup): string {
  return since === null ? '' : t().accounts.since(formatSince(since));
}

function amountOf({ causes: [first, ...others] }: CauseGroup): string {
  const count = others.reduce((sum, cause) => sum + cause.count, first.count);
  return wordsOfCause({ ...first, count }).amount;
}

function Action({ of: { causes } }: { readonly of: CauseGroup }) {
  const action = actionOf(causes);
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
  return (
    <div className="remedy">
      <p>
        {remedy}{' '}
        {callFault !== null && <CallRemedy why={callFault} unlistedAddress={first.unlistedAddress} />}
      </p>
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
