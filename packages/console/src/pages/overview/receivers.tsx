import { Skeleton } from 'antd';
import type { ReceiverAnswer, TestedReceiverAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { testReceivers, useReceivers } from '../../api/notifications.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { GuideLink } from '../../components/guide-link.js';
import { Loaded } from '../../components/loaded.js';
import { StateTag } from '../../components/state-tag.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';

const SHOWN_MAX = 3;

/** Who is told what needs attention, and what became of the last message. */
export function Receivers() {
  const { notifications } = t();
  const receivers = useReceivers();
  const test = useChange(testReceivers, ['/api/v1/notifications']);
  const hasReceivers = (receivers.data?.items.length ?? 0) > 0;
  return (
    <section aria-labelledby="receivers">
      <div className="section-head">
        <h2 id="receivers">{notifications.title}</h2>
        {hasReceivers && (
          <ChangeButton size="small" loading={test.isPending} onClick={() => test.mutate(undefined)}>
            {notifications.test}
          </ChangeButton>
        )}
      </div>
      {test.error !== null && <ErrorNote error={test.error} />}
      <Loaded of={receivers} skeleton={<Skeleton active title={false} paragraph={{ rows: 1 }} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p>
              {notifications.nobody} <GuideLink to={notifications.guide} />
            </p>
          ) : (
            <ul className="plain">
              {items.map((receiver, place) => (
                <Receiver key={receiver.id} receiver={receiver} tested={test.data?.items[place] ?? null} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

interface ReceiverProps {
  readonly receiver: ReceiverAnswer;
  /** What became of the last test; null where there was none. */
  readonly tested: TestedReceiverAnswer | null;
}

function Receiver({ receiver, tested }: ReceiverProps) {
  const { notifications } = t();
  const { kind, host, told, toldAt, lastFailure } = receiver;
  const hasFailed = lastFailure !== null && (toldAt === null || lastFailure.at > toldAt);
  return (
    <li>
      <strong>{notifications.kinds[kind]}</strong> <span className="mono small">{host}</span>{' '}
      {tested !== null && <Tested of={tested} />}
      {hasFailed && (
        <>
          <StateTag tone="bad" text={notifications.failed} /> <Ago at={lastFailure.at} />
          {t().common.colon}
          <span lang="en">{lastFailure.reason}</span>{' '}
        </>
      )}
      <span className="small muted">
        {toldAt === null ? (
          notifications.neverTold
        ) : (
          <>
            {notifications.told} <Ago at={toldAt} />
            {told.length > 0 && `${t().common.colon}${lastTold(told)}`}
          </>
        )}
      </span>
    </li>
  );
}

function Tested({ of: { sent, fault } }: { readonly of: TestedReceiverAnswer }) {
  const { notifications } = t();
  return (
    <span role="status">
      <StateTag tone={sent ? 'good' : 'bad'} text={sent ? notifications.sent : notifications.notSent} />{' '}
      {fault !== null && <span lang="en">{fault}</span>}{' '}
    </span>
  );
}

/** What the last message told. */
function lastTold(told: ReceiverAnswer['told']): string {
  const { notifications, causes } = t();
  const titles = told.slice(0, SHOWN_MAX).map(({ cause, isOver }) => {
    const { subject, what } = wordsOfCause(cause);
    const title = causes.title(subject, what);
    return isOver ? notifications.over(title) : title;
  });
  const more = told.length - titles.length;
  return notifications.list(more > 0 ? [...titles, notifications.more(more)] : titles);
}
