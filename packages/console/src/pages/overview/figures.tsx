import type { StatusAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/chip.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { Figure } from './figure.js';

export function Figures({ status }: { readonly status: StatusAnswer }) {
  const { overview } = t();
  return (
    <div class="figure-rows">
      <section>
        <h2>{overview.now}</h2>
        <CountFigures status={status} />
      </section>
      <section>
        <h2>{overview.lastMinute}</h2>
        <MinuteFigures of={status.lastMinute} />
      </section>
    </div>
  );
}

/** Who answers; what waits stands in what needs attention. */
function CountFigures({ status: { counts, verdict } }: { readonly status: StatusAnswer }) {
  const { figure } = t().overview;
  const { answering, silent, unseen } = verdict.replies;
  return (
    <dl class="figures">
      <Figure
        name={figure.accounts}
        value={formatNumber(counts.accounts)}
        detail={figure.online(counts.online)}
      />
      <Figure name={figure.answering} value={formatNumber(answering)} />
      <Figure name={figure.silent} value={formatNumber(silent)} />
      <Figure name={figure.unseen} value={formatNumber(unseen)} />
    </dl>
  );
}

function MinuteFigures({ of }: { readonly of: StatusAnswer['lastMinute'] }) {
  const { figure } = t().overview;
  return (
    <dl class="figures">
      <Figure name={figure.callbacks} value={formatNumber(of.callbacks)} />
      <Figure name={figure.delivered} value={formatNumber(of.delivered)} />
      <Figure name={figure.kept} value={formatNumber(of.kept)} tone={toneOf(of.kept, 'wait')} />
      <Figure name={figure.refused} value={formatNumber(of.refused)} tone={toneOf(of.refused, 'wait')} />
      <Figure name={figure.notTaken} value={formatNumber(of.notTaken)} tone={toneOf(of.notTaken, 'bad')} />
      <Figure
        name={figure.failedAttempts}
        value={formatNumber(of.failedAttempts)}
        tone={toneOf(of.failedAttempts, 'wait')}
      />
      <Figure name={figure.tokenRequests} value={formatNumber(of.tokenRequests)} />
      <Figure name={figure.proxyCalls} value={formatNumber(of.proxyCalls)} />
    </dl>
  );
}

function toneOf(count: number | null, tone: Tone): Tone | undefined {
  return count !== null && count > 0 ? tone : undefined;
}
