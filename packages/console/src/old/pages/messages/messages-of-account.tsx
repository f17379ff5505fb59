import { listMessages } from '../../api/messages.js';
import { toQuery } from '../../api/query.js';
import { usePaged } from '../../data/paged.js';
import { t } from '../../i18n/language.js';
import { MessagesList } from './messages-list.js';

interface MessagesOfAccountProps {
  readonly corpId: string;
  readonly openKfId: string;
}

/** The messages of one account; nothing where none waits or is dead, as with bots that take events. */
export function MessagesOfAccount({ corpId, openKfId }: MessagesOfAccountProps) {
  const { messages } = t();
  const filter = { state: '', corpId, openKfId } as const;
  const paged = usePaged(`messages ${toQuery(filter)}`, (cursor, signal) =>
    listMessages(filter, cursor, signal),
  );
  if (paged.pageNumber === 1 && (paged.data?.items.length ?? 0) === 0) return null;
  return (
    <section>
      <h2>{messages.ofAccount}</h2>
      <p class="muted">{messages.ofAccountText}</p>
      <MessagesList of={paged} caption={messages.bothTable} empty={null} onChange={paged.refresh} />
    </section>
  );
}
