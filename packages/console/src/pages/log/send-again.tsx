import type { DeliveryStoryAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { replayHint } from '../../api/hints.js';
import { replayMessage } from '../../api/messages.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { useTell } from '../../components/tell.js';
import { t } from '../../i18n/language.js';

/** Only what is kept can be sent again; what was taken or dropped is gone. */
const KEPT: ReadonlySet<DeliveryStoryAnswer['outcome']> = new Set(['kept', 'dead']);

/** Sends what waits of the account: its newest event, or the message together with those before it. */
export function SendAgain({ story }: { readonly story: DeliveryStoryAnswer }) {
  const { outbox } = t();
  const tell = useTell();
  const { outcome, takenAt, endedBy, webhookId, records } = story;
  const named = records.find(({ corpId, openKfId }) => corpId !== null && openKfId !== null);
  const { corpId = null, openKfId = null, name = null } = named ?? {};
  const isMessage = records.some(({ form }) => form === 'message');
  const change = useChange(
    async (of: { readonly corpId: string; readonly openKfId: string }) =>
      isMessage && webhookId !== null ? replayMessage({ openKfId: of.openKfId, webhookId }) : replayHint(of),
    ['/api/v1/deliveries', '/api/v1/hints', '/api/v1/messages', '/api/v1/status'],
  );
  const isThere = KEPT.has(outcome) && takenAt === null && endedBy === null;
  if (!isThere || corpId === null || openKfId === null) return null;
  return (
    <>
      <ChangeButton
        type="primary"
        loading={change.isPending}
        onClick={() =>
          change.mutate({ corpId, openKfId }, { onSuccess: () => tell(outbox.replayed(name || openKfId)) })
        }
      >
        {outcome === 'dead' ? outbox.replayDead : outbox.replay}
      </ChangeButton>
      {change.error !== null && <ErrorNote error={change.error} titles={outbox.replayErrors} />}
    </>
  );
}
