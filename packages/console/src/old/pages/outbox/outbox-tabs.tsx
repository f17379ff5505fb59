import type { StatusAnswer } from '../../api/answers.gen.js';
import type { HintList } from '../../api/hints.js';
import { useStatus } from '../../data/status-context.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

export type OutboxTab = 'waiting' | 'dead' | 'waitingMessages' | 'deadMessages';

/** Links, since each list has an address of its own. */
export function OutboxTabs({ tab }: { readonly tab: OutboxTab }) {
  const { outbox, messages } = t();
  const counts = useStatus().data?.counts;
  const tabs = [
    { name: 'waiting', to: '/console/outbox', text: outbox.waiting, count: countOf('waiting', counts) },
    { name: 'dead', to: '/console/outbox?state=dead', text: outbox.dead, count: countOf('dead', counts) },
    {
      name: 'waitingMessages',
      to: '/console/outbox/messages',
      text: messages.waiting,
      count: counts?.waitingMessages,
    },
    {
      name: 'deadMessages',
      to: '/console/outbox/messages?state=dead',
      text: messages.dead,
      count: counts?.deadMessages,
    },
  ];
  return (
    <nav class="tabs" aria-label={outbox.lists}>
      {tabs.map(({ name, to, text, count = null }) => (
        <a key={name} href={to} aria-current={name === tab ? 'page' : undefined}>
          {text} <TabCount count={count} />
        </a>
      ))}
    </nav>
  );
}

/** How many are in the list. */
export function countOf(list: HintList, counts: StatusAnswer['counts'] | undefined): number | null {
  if (counts === undefined) return null;
  return list === 'dead' ? counts.dead : add(counts.waiting, counts.parked);
}

function TabCount({ count }: { readonly count: number | null }) {
  return count === null ? null : <span class="tab-count">{formatNumber(count)}</span>;
}

function add(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
