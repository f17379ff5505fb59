import type { StatusAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/state-tag.js';
import { Lasting } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';

/** Who answers, and what came in within the last minute; what waits stands among the causes. */
export function Counters({
  status: { counts, verdict, lastMinute, sessions },
}: {
  readonly status: StatusAnswer;
}) {
  const { overview } = t();
  const { figure } = overview;
  const { working = 0, unseen = 0, failing = 0, silent = 0 } = verdict.accounts ?? {};
  return (
    <div className="counters">
      <dl aria-label={overview.now}>
        <Counter name={figure.accounts} value={counts.accounts} />
        <Counter name={figure.working} value={working} />
        <Counter name={figure.unanswered} value={failing + silent} tone="bad" />
        <Counter name={figure.unseen} value={unseen} />
      </dl>
      <dl aria-label={overview.lastMinute}>
        <Counter name={figure.callbacks} value={lastMinute.callbacks} />
        <Counter name={figure.delivered} value={lastMinute.delivered} />
        <Counter name={figure.kept} value={lastMinute.kept} tone="wait" />
        <Counter name={figure.failedAttempts} value={lastMinute.failedAttempts} tone="bad" />
      </dl>
      {sessions !== null && (
        <dl aria-label={overview.customers}>
          <Counter name={figure.unmet} value={sessions.unmet} tone="wait" />
          <Wait name={figure.longestWait} since={sessions.unmetSince} />
          <Counter name={figure.withPeople} value={sessions.people} />
          <Counter name={figure.withBots} value={sessions.bot} />
        </dl>
      )}
    </div>
  );
}

interface WaitProps {
  readonly name: string;
  readonly since: string | null;
}

function Wait({ name, since }: WaitProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{since === null ? t().common.none : <Lasting since={since} />}</dd>
    </div>
  );
}

interface CounterProps {
  readonly name: string;
  readonly value: number;
  /** Of any number but 0. */
  readonly tone?: Tone;
}

function Counter({ name, value, tone }: CounterProps) {
  return (
    <div className={value > 0 ? tone : undefined}>
      <dt>{name}</dt>
      <dd>{formatNumber(value)}</dd>
    </div>
  );
}
