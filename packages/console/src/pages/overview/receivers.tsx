import { Skeleton } from 'antd';
import type { ReceiverAnswer } from '../../api/answers.gen.js';
import { useReceivers } from '../../api/notifications.js';
import { wordsOfCause } from '../../components/causes/cause-words.js';
import { Loaded } from '../../components/loaded.js';
import { StateTag } from '../../components/state-tag.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';

const SHOWN_MAX = 3;

/** Who is told what needs attention, and what became of the last message. */
export function Receivers() {
  const { notifications } = t();
  return (
    <section aria-labelledby="receivers">
      <h2 id="receivers">{notifications.title}</h2>
      <Loaded of={useReceivers()} skeleton={<Skeleton active title={false} paragraph={{ rows: 1 }} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p>
              {notifications.nobody} <span className="muted">{notifications.docs}</span>
            </p>
          ) : (
            <ul className="plain">
              {items.map((receiver) => (
                <Receiver key={receiver.id} receiver={receiver} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function Receiver({ receiver }: { readonly receiver: ReceiverAnswer }) {
  const { notifications } = t();
  const { kind, host, told, toldAt, failedAt, failure } = receiver;
  const hasFailed = failedAt !== null && (toldAt === null || failedAt > toldAt);
  return (
    <li>
      <strong>{notifications.kinds[kind]}</strong> <span className="mono small">{host}</span>{' '}
      {hasFailed && (
        <>
          <StateTag tone="bad" text={notifications.failed} /> <Ago at={failedAt} />
          {notifications.colon}
          <span lang="en">{failure}</span>{' '}
        </>
      )}
      <span className="small muted">
        {toldAt === null ? (
          notifications.neverTold
        ) : (
          <>
            {notifications.told} <Ago at={toldAt} />
            {told.length > 0 && `${notifications.colon}${lastTold(told)}`}
          </>
        )}
      </span>
    </li>
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
