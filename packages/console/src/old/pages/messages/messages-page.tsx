import { useLocation } from 'preact-iso/router';
import { listMessages, type MessageList } from '../../api/messages.js';
import { toQuery } from '../../api/query.js';
import { Empty } from '../../components/empty.js';
import { Page } from '../../components/page.js';
import { usePaged } from '../../data/paged.js';
import { useStatus } from '../../data/status-context.js';
import { t } from '../../i18n/language.js';
import { OutboxTabs } from '../outbox/outbox-tabs.js';
import { MessagesList } from './messages-list.js';
import { ReplayAllMessages } from './replay-all-messages.js';

/** The part of the outbox that has messages. */
export function MessagesPage() {
  const { messages, outbox } = t();
  const { query } = useLocation();
  const status = useStatus();
  const state: MessageList = query.state === 'dead' ? 'dead' : 'waiting';
  const filter = { state, corpId: query.corpId ?? '', openKfId: query.openKfId ?? '' };
  const paged = usePaged(`messages ${toQuery(filter)}`, (cursor, signal) =>
    listMessages(filter, cursor, signal),
  );
  const refresh = (): void => {
    paged.refresh();
    status.refresh();
  };
  const canReplayAll = state === 'dead' && filter.openKfId === '' && (paged.data?.items.length ?? 0) > 0;
  return (
    <Page
      title={outbox.title}
      intro={messages.intro}
      actions={canReplayAll && <ReplayAllMessages corpId={filter.corpId} onChange={refresh} />}
    >
      <OutboxTabs tab={state === 'dead' ? 'deadMessages' : 'waitingMessages'} />
      <MessagesList
        of={paged}
        caption={state === 'dead' ? messages.deadTable : messages.waitingTable}
        empty={<NoMessages state={state} />}
        onChange={refresh}
      />
    </Page>
  );
}

function NoMessages({ state }: { readonly state: MessageList }) {
  const { messages } = t();
  return state === 'dead' ? (
    <Empty isGood title={messages.nothingDead} text={messages.nothingDeadText} />
  ) : (
    <Empty isGood title={messages.nothingWaits} text={messages.nothingWaitsText} />
  );
}
