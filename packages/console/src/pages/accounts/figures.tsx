import type { AccountAnswer } from '../../api/answers.gen.js';
import { LastHourWords } from '../../components/last-hour-words.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';
import { Hours } from './account-columns.js';

export function Figures({ account }: { readonly account: AccountAnswer }) {
  const { accounts } = t();
  const { lastMessageAt, lastReplyAt, lastHour, hours } = account;
  return (
    <section className="card">
      <h2>{accounts.figures}</h2>
      <dl className="facts">
        <dt>{accounts.lastTaken}</dt>
        <dd>{lastMessageAt === null ? accounts.noDelivery : <Ago at={lastMessageAt} />}</dd>
        <dt>{accounts.lastReply}</dt>
        <dd>{lastReplyAt === null ? accounts.noReply : <Ago at={lastReplyAt} />}</dd>
        <dt>{accounts.lastHour}</dt>
        <dd>
          <LastHourWords of={lastHour} />
        </dd>
        <dt>{accounts.hours}</dt>
        <dd>
          <Hours of={hours} />
        </dd>
      </dl>
    </section>
  );
}
