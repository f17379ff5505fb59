import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import { Chip, type Tone } from '../../components/chip.js';
import { t } from '../../i18n/language.js';

const TONES: Readonly<Record<LoggedDeliveryAnswer['outcome'], Tone>> = {
  taken: 'good',
  kept: 'wait',
  not_taken: 'bad',
  ignored: 'quiet',
  refused: 'bad',
  failed: 'bad',
  dead: 'bad',
  dropped: 'quiet',
};

export function OutcomeChip({ outcome }: Pick<LoggedDeliveryAnswer, 'outcome'>) {
  return <Chip tone={TONES[outcome]} text={t().log.outcomes[outcome]} />;
}

/** What happened, and on which occasion. */
export function What({
  of: { kind, occasion, form, attempt, endpoint },
}: {
  readonly of: LoggedDeliveryAnswer;
}) {
  const { log, live, accounts } = t();
  const details = [
    ...(form === null ? [] : [log.forms[form]]),
    ...(kind === 'attempt' && attempt > 1 ? [live.attempt(attempt)] : []),
  ];
  return (
    <div class="whole">
      {log.kinds[kind]}
      {occasion !== null && ` ${accounts.occasions[occasion]}`}
      {details.length > 0 && <div class="small muted">{details.join(' · ')}</div>}
      {endpoint !== null && <div class="small muted mono wrap">{endpoint}</div>}
    </div>
  );
}

/** What the bot answered, or why it did not get it. */
export function Why({ of: { status, stage, reason, source } }: { readonly of: LoggedDeliveryAnswer }) {
  const { log, failures } = t();
  return (
    <div class="reason">
      {status !== null && <div>{log.answered(status)}</div>}
      {stage !== null && failures[stage].what}
      {reason !== null && <div class="small muted mono wrap">{reason}</div>}
      {source !== null && <div class="small muted">{log.sentFrom(source)}</div>}
    </div>
  );
}
