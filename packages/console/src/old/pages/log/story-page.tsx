import { useRoute } from 'preact-iso/router';
import { ApiError } from '../../api/api-error.js';
import type { DeliveryStoryAnswer } from '../../api/answers.gen.js';
import { getStory } from '../../api/deliveries.js';
import { AccountLink } from '../../components/account-link.js';
import { DataTable } from '../../components/data-table.js';
import { Empty } from '../../components/empty.js';
import { Icon } from '../../components/icon.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { usePolled } from '../../data/polled.js';
import { formatDateTime, formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { OutcomeChip, What, Why } from './record-cells.js';

const EVERY_MS = 5_000;

/** One event or message from its callback to its end. */
export function StoryPage() {
  const { log } = t();
  const id = useRoute().params.id ?? '';
  const polled = usePolled(id, (signal) => getStory(id, signal), EVERY_MS);
  const isGone = polled.error instanceof ApiError && polled.error.code === 'DELIVERY_NOT_FOUND';
  return (
    <>
      <a class="back" href="/console/live/log">
        <Icon name="back" />
        {log.back}
      </a>
      <Page title={log.story}>
        {isGone ? (
          <Empty title={log.gone} text={log.goneText} />
        ) : (
          <Loaded of={polled}>{(story) => <Story story={story} />}</Loaded>
        )}
      </Page>
    </>
  );
}

function Story({
  story: { webhookId, outcome, takenAt, endedBy, records },
}: {
  readonly story: DeliveryStoryAnswer;
}) {
  const { log, live } = t();
  const { openKfId = null, name = null } = records.find((record) => record.openKfId !== null) ?? {};
  return (
    <>
      <p class="state-line">
        <OutcomeChip outcome={outcome} />
        {takenAt === null && endedBy === null && outcome !== 'refused' && ` ${log.notTaken}`}
        {endedBy !== null && (
          <>
            {` ${log.endedBy(endedBy.outcome, formatDateTime(endedBy.at))} `}
            <a href={`/console/live/log/${endedBy.id}`}>{log.otherStory}</a>
          </>
        )}
      </p>
      <dl class="facts">
        {openKfId !== null && (
          <>
            <dt>{live.account}</dt>
            <dd>
              <AccountLink openKfId={openKfId} name={name} />
            </dd>
          </>
        )}
        {webhookId !== null && (
          <>
            <dt>{log.webhookId}</dt>
            <dd class="mono wrap">{webhookId}</dd>
          </>
        )}
        {takenAt !== null && (
          <>
            <dt>{log.takenAt}</dt>
            <dd>{formatDateTime(takenAt)}</dd>
          </>
        )}
      </dl>
      <DataTable
        caption={log.storyTable}
        rows={records}
        keyOf={({ kind, id }) => `${kind} ${id}`}
        columns={[
          {
            key: 'time',
            head: live.time,
            cell: ({ at }) => (
              <time class="small" dateTime={at}>
                {formatDateTime(at)}
              </time>
            ),
          },
          { key: 'what', head: log.what, cell: (record) => <What of={record} /> },
          { key: 'outcome', head: live.outcome, cell: (record) => <OutcomeChip outcome={record.outcome} /> },
          { key: 'answer', head: live.answer, cell: (record) => <Why of={record} /> },
          { key: 'took', head: live.took, isNumber: true, cell: ({ durationMs }) => formatMs(durationMs) },
          {
            key: 'replica',
            head: live.replica,
            cell: ({ replica }) => <span class="mono small wrap">{replica}</span>,
          },
        ]}
      />
    </>
  );
}
