import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { Chip } from '../../components/chip.js';
import { LastHourWords } from '../../components/last-hour-words.js';
import { TimeAgo } from '../../components/time-ago.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

export function DeliveryFacts({ account }: { readonly account: KfAccountAnswer }) {
  const { accounts } = t();
  const { circuit, lastDelivery, lastReplyAt, endpoint, openKfId } = account;
  return (
    <section class="card">
      <h2>{accounts.delivery}</h2>
      <dl class="facts">
        <dt>{accounts.endpoint}</dt>
        <dd class="mono wrap">{endpoint}</dd>
        <dt>{accounts.circuit}</dt>
        <dd>
          <Chip tone={circuit === 'open' ? 'wait' : 'good'} text={accounts.circuits[circuit]} />
          <p class="small muted">{accounts.circuitText[circuit]}</p>
        </dd>
        <dt>{accounts.lastHour}</dt>
        <dd>
          <LastHourWords of={account.lastHour} />
        </dd>
        <dt>{accounts.lastHourOfEndpoint}</dt>
        <dd>
          <LastHourWords of={account.endpointLastHour} />
        </dd>
        <dt>{accounts.lastReply}</dt>
        <dd>{lastReplyAt === null ? accounts.noReply : <TimeAgo at={lastReplyAt} />}</dd>
        <dt>{accounts.lastDelivery}</dt>
        <dd>
          {lastDelivery === null ? (
            accounts.noDelivery
          ) : (
            <>
              <TimeAgo at={lastDelivery.at} />
              <p class="small muted">
                {accounts.answered(
                  accounts.occasions[lastDelivery.occasion],
                  lastDelivery.status,
                  formatMs(lastDelivery.durationMs),
                )}
              </p>
            </>
          )}
        </dd>
      </dl>
      <p>
        <a href={`/console/live/log?openKfId=${encodeURIComponent(openKfId)}`}>{accounts.toLog}</a>
      </p>
      <a href={`/console/live?openKfId=${encodeURIComponent(openKfId)}`}>{accounts.toLive}</a>
    </section>
  );
}
