import type { AccountAnswer } from '../../api/answers.gen.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { HourBars } from '../../components/hour-bars.js';
import { AccountName, BotName } from '../../components/names.js';
import { P95 } from '../../components/p95.js';
import { ACCOUNT_TONES, AccountStateTag } from '../../components/state-tag.js';
import type { Column } from '../../components/table.js';
import { Ago } from '../../components/times.js';
import { formatNumber, formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** One line for each account; the narrower the table, the fewer columns. */
export function accountColumns(): readonly Column<AccountAnswer>[] {
  const { accounts, common } = t();
  return [
    {
      key: 'account',
      head: accounts.account,
      width: 200,
      sort: { by: 'name', direction: 'ascending' },
      cell: (account) => (
        <>
          <AccountName {...account} />
          {whatOf(account) !== '' && <p className="small muted below-m">{whyOf(account)}</p>}
        </>
      ),
    },
    {
      key: 'state',
      head: accounts.state,
      width: 128,
      cell: ({ state }) => <AccountStateTag state={state} />,
    },
    {
      key: 'why',
      head: accounts.why,
      from: 'm',
      isWhole: true,
      cell: (account) => whyOf(account) || common.none,
    },
    {
      key: 'server',
      head: accounts.servedBy,
      width: 132,
      from: 'm',
      cell: (account) => <Server of={account} />,
    },
    { key: 'app', head: accounts.app, width: 132, from: 'xxl', cell: appOf },
    {
      key: 'waiting',
      head: accounts.waiting,
      width: 76,
      from: 'l',
      isNumber: true,
      title: waitingTitle,
      cell: waitingOf,
    },
    {
      key: 'message',
      head: accounts.lastTaken,
      width: 108,
      from: 'xl',
      sort: { by: 'lastMessage', direction: 'descending' },
      cell: ({ lastMessageAt }) => <Ago at={lastMessageAt} />,
    },
    {
      key: 'reply',
      head: accounts.lastReply,
      width: 108,
      from: 'l',
      cell: ({ lastReplyAt }) => <Ago at={lastReplyAt} />,
    },
    {
      key: 'p95',
      head: accounts.p95,
      width: 124,
      from: 'xl',
      isNumber: true,
      sort: { by: 'p95', direction: 'descending' },
      title: ({ lastHour: { p95Ms } }) => (p95Ms === null ? common.none : accounts.p95Of),
      cell: ({ lastHour }) => <P95 ms={lastHour.p95Ms} />,
    },
    {
      key: 'hours',
      head: accounts.hours,
      width: 108,
      from: 'xxl',
      cell: ({ hours }) => <Hours of={hours} />,
    },
  ];
}

/** Taken events and messages of the last 24 hours. */
export function Hours({ of: hours }: { readonly of: readonly number[] }) {
  const sum = hours.reduce((all, count) => all + count, 0);
  return <HourBars counts={hours} label={t().accounts.hoursOf(formatNumber(sum))} />;
}

/** Why it is in its state, in words, and since when; empty where there is nothing to say. */
function whyOf(account: AccountAnswer): string {
  const { accounts } = t();
  const { since } = account;
  const parts = [whatOf(account), since === null ? '' : accounts.since(formatSince(since))];
  return parts.filter((part) => part !== '').join(' · ');
}

function whatOf({ causes: [worst], inWecom, state }: AccountAnswer): string {
  const { accounts } = t();
  if (worst !== undefined) return wordsOfCause(worst).what;
  if (inWecom === false) return accounts.notInWecom;
  return ACCOUNT_TONES[state] === 'wait' ? accounts.stateText[state] : '';
}

function Server({ of: { servedBy, botId, botName } }: { readonly of: AccountAnswer }) {
  const { accounts } = t();
  if (botId !== null) return <BotName id={botId} name={botName ?? botId} />;
  return (
    <span className="muted" title={accounts.serverText[servedBy]}>
      {accounts.servers[servedBy]}
    </span>
  );
}

const appOf = ({ corpId, corpName }: AccountAnswer): string => corpName || corpId;

/** What is dead waits, too: for an operator. */
function waitingOf({ waiting }: AccountAnswer): string {
  const { common } = t();
  if (waiting === null) return '?';
  const all = waiting.events + waiting.messages + waiting.dead;
  return all === 0 ? common.none : formatNumber(all);
}

function waitingTitle({ waiting }: AccountAnswer): string {
  const { accounts, common } = t();
  if (waiting === null) return common.unknown;
  const { events, messages, dead } = waiting;
  return accounts.waitingWords(formatNumber(events + messages), formatNumber(dead));
}
