import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { MessageAnswer } from '../../api/answers.gen.js';
import { PagedList } from '../../components/paged-list.js';
import type { Paged } from '../../data/paged.js';
import { DropMessageDialog } from './drop-message-dialog.js';
import { MessageTable } from './message-table.js';

interface MessagesListProps {
  readonly of: Paged<MessageAnswer>;
  readonly caption: string;
  readonly empty: ComponentChildren;
  readonly onChange: () => void;
}

/** Messages with what can be done about them. */
export function MessagesList({ of: paged, caption, empty, onChange }: MessagesListProps) {
  const [asked, setAsked] = useState<MessageAnswer | null>(null);
  return (
    <>
      <PagedList of={paged} empty={empty}>
        {(rows) => <MessageTable caption={caption} rows={rows} onDrop={setAsked} onChange={onChange} />}
      </PagedList>
      {asked !== null && (
        <DropMessageDialog
          message={asked}
          isThere={paged.data?.items.some(({ webhookId }) => webhookId === asked.webhookId) ?? false}
          onChange={onChange}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}
