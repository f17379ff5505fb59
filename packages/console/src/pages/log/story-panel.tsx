import { Empty, Skeleton } from 'antd';
import { Link } from 'wouter';
import { ApiError } from '../../api/api-error.js';
import type { DeliveryStoryAnswer, LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import { useStory } from '../../api/deliveries.js';
import type { useNames } from '../../api/names.js';
import { CopyButton } from '../../components/copy.js';
import { Loaded } from '../../components/loaded.js';
import { AccountName, BotName, CorpName } from '../../components/names.js';
import { OutcomeTag } from '../../components/outcome-tag.js';
import { FailureRemedy } from '../../components/remedy.js';
import { SidePanel } from '../../components/side-panel.js';
import { Time } from '../../components/times.js';
import { formatMs, formatTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { titleOfRefusal, whatOf, whyOf } from './record-words.js';
import { refusalOf } from './refusal.js';
import { SendAgain } from './send-again.js';

type Names = ReturnType<typeof useNames>;

interface StoryPanelProps {
  /** Of a record; empty while none is open. */
  readonly id: string;
  readonly names: Names;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
}

/** One event or message from its callback to its end, beside the list. */
export function StoryPanel({ id, names, onOpen, onClose }: StoryPanelProps) {
  return (
    <SidePanel title={t().log.story} isOpen={id !== ''} onClose={onClose}>
      {id !== '' && <StoryOf key={id} id={id} names={names} onOpen={onOpen} />}
    </SidePanel>
  );
}

function StoryOf({ id, names, onOpen }: Omit<StoryPanelProps, 'onClose'>) {
  const { log } = t();
  const story = useStory(id);
  const isGone = story.error instanceof ApiError && story.error.code === 'DELIVERY_NOT_FOUND';
  if (isGone)
    return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={`${log.gone}. ${log.goneText}`} />;
  return (
    <Loaded of={story} skeleton={<Skeleton active paragraph={{ rows: 8 }} />}>
      {(data) => (
        <div className="story">
          <Outcome story={data} onOpen={onOpen} />
          <Facts story={data} names={names} />
          <Remedy story={data} />
          <h3>{log.records}</h3>
          <ol className="records" aria-label={log.storyTable}>
            {data.records.map((record) => (
              <Record key={`${record.kind} ${record.id}`} of={record} />
            ))}
          </ol>
        </div>
      )}
    </Loaded>
  );
}

interface StoryProps {
  readonly story: DeliveryStoryAnswer;
}

/** What became of it, and the way to do something about it. */
function Outcome({ story, onOpen }: StoryProps & Pick<StoryPanelProps, 'onOpen'>) {
  const { log } = t();
  const { outcome, takenAt, endedBy } = story;
  return (
    <div className="section-head">
      <p>
        <OutcomeTag outcome={outcome} />{' '}
        {takenAt === null && endedBy === null && outcome === 'kept' && log.notTaken}
        {endedBy === null && outcome === 'replayed' && <Replayed story={story} />}
        {endedBy !== null && (
          <>
            {log.endedBy(endedBy.outcome, formatTime(endedBy.at))}{' '}
            <button type="button" className="text-button" onClick={() => onOpen(endedBy.id)}>
              {log.otherStory}
            </button>
          </>
        )}
      </p>
      <SendAgain story={story} />
    </div>
  );
}

/** What comes of it stands beside the account's other records, under another webhook-id. */
function Replayed({ story: { records } }: StoryProps) {
  const { log } = t();
  const openKfId = records.at(-1)?.openKfId ?? null;
  return (
    <>
      {log.replayed} {openKfId !== null && <Link href={pathOf.logOfAccount(openKfId)}>{log.newest}</Link>}
    </>
  );
}

function Facts({ story: { webhookId, takenAt, records }, names }: StoryProps & { readonly names: Names }) {
  const { log, outbox } = t();
  const named = records.find(({ openKfId }) => openKfId !== null) ?? records[0];
  const { corpId = null, openKfId = null, name = null } = named ?? {};
  const bot = names.botOf({ corpId, openKfId, name });
  const attempts = records.filter(({ kind }) => kind === 'attempt').length;
  return (
    <dl className="facts">
      {corpId !== null && openKfId !== null && (
        <>
          <dt>{outbox.account}</dt>
          <dd>
            <AccountName
              corpId={corpId}
              openKfId={openKfId}
              name={names.accountNameOf({ corpId, openKfId, name })}
            />
          </dd>
        </>
      )}
      {corpId !== null && (
        <>
          <dt>{outbox.app}</dt>
          <dd>
            <CorpName corpId={corpId} name={names.corpNameOf(corpId)} />
          </dd>
        </>
      )}
      {bot !== null && (
        <>
          <dt>{log.bot}</dt>
          <dd>
            <BotName {...bot} />
          </dd>
        </>
      )}
      {webhookId !== null && (
        <>
          <dt>{log.webhookId}</dt>
          <dd className="name">
            <span className="mono small">{webhookId}</span>
            <CopyButton value={webhookId} what={log.webhookId} />
          </dd>
        </>
      )}
      <dt>{log.attempts}</dt>
      <dd>{attempts}</dd>
      {takenAt !== null && (
        <>
          <dt>{log.takenAt}</dt>
          <dd>
            <Time at={takenAt} />
          </dd>
        </>
      )}
    </dl>
  );
}

const HAS_ENDED: ReadonlySet<DeliveryStoryAnswer['outcome']> = new Set(['taken', 'dropped', 'replayed']);

/** What to do, where it was not taken. */
function Remedy({ story: { outcome, endedBy, records } }: StoryProps) {
  const { refusals } = t();
  const last = records.findLast(({ stage, reason }) => stage !== null || reason !== null);
  if (last === undefined || endedBy !== null || HAS_ENDED.has(outcome)) return null;
  const { stage, reason, status } = last;
  if (outcome === 'refused')
    return (
      <dl className="facts card">
        <dt>{refusals.why}</dt>
        <dd>{titleOfRefusal(last)}</dd>
        <dt>{refusals.remedy}</dt>
        <dd>{refusalOf(last).remedy}</dd>
      </dl>
    );
  if (stage === null) return null;
  return (
    <div className="card">
      <FailureRemedy failure={{ stage, status, reason: reason ?? '' }} />
    </div>
  );
}

function Record({ of: record }: { readonly of: LoggedDeliveryAnswer }) {
  const { log, live } = t();
  const { at, outcome, durationMs, endpoint, reason, source, replica } = record;
  const details = [
    ...(endpoint === null ? [] : [endpoint]),
    ...(source === null ? [] : [log.sentFrom(source)]),
    ...(reason === null ? [] : [reason]),
    `${live.replica} ${replica}`,
  ];
  return (
    <li>
      <Time at={at} />
      <div>
        <OutcomeTag outcome={outcome} /> <strong>{whatOf(record)}</strong>
        <p>{[whyOf(record), log.after(formatMs(durationMs))].filter((text) => text !== '').join(' · ')}</p>
        <p className="small muted mono">{details.join(' · ')}</p>
      </div>
    </li>
  );
}
