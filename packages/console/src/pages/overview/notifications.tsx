import type { ReceiverAnswer } from '../../api/answers.gen.js';
import { listReceivers } from '../../api/notifications.js';
import { Chip } from '../../components/chip.js';
import { Loaded } from '../../components/loaded.js';
import { TimeAgo } from '../../components/time-ago.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { wordsOfCause } from './cause-words.js';

const EVERY_MS = 15_000;
const SHOWN_MAX = 3;

/** Who is told what needs attention, and what became of the last message. */
export function Notifications() {
  const { notifications } = t();
  const polled = usePolled('notifications', listReceivers, EVERY_MS);
  return (
    <section class="told" aria-labelledby="notifications">
      <h2 id="notifications">{notifications.title}</h2>
      <Loaded of={polled}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="small">
              {notifications.nobody} <span class="muted">{notifications.docs}</span>
            </p>
          ) : (
            <ul class="receivers">
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
  const { kind, host, toldAt, failedAt, failure } = receiver;
  const hasFailed = failedAt !== null && (toldAt === null || failedAt > toldAt);
  return (
    <li>
      <p>
        <strong>{notifications.kinds[kind]}</strong> <span class="mono small">{host}</span>{' '}
        {hasFailed && <Chip tone="bad" text={notifications.failed} />}
      </p>
      {hasFailed && (
        <p class="small">
          <TimeAgo at={failedAt} />
          {notifications.colon}
          <span lang="en">{failure}</span>
        </p>
      )}
      {toldAt === null ? (
        <p class="small muted">{notifications.neverTold}</p>
      ) : (
        <p class="small muted">
          {notifications.told} <TimeAgo at={toldAt} />
          {receiver.told.length > 0 && `${notifications.colon}${lastTold(receiver.told)}`}
        </p>
      )}
    </li>
  );
}

/** What the last message told. */
function lastTold(told: ReceiverAnswer['told']): string {
  const { notifications } = t();
  const titles = told.slice(0, SHOWN_MAX).map(({ cause, isOver }) => {
    const { title } = wordsOfCause(cause);
    return isOver ? notifications.over(title) : title;
  });
  const more = told.length - titles.length;
  return notifications.list(more > 0 ? [...titles, notifications.more(more)] : titles);
}
