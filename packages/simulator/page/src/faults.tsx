import { useSignal } from '@preact/signals';
import { AMOUNTS, SWITCHES } from '../../faults.js';
import { chosen, conversation } from './chosen.js';
import { command, ofApp, view } from './server.js';
import { t } from './words.js';

const AMOUNT_NAMES = ['callbackDelayMs', 'apiDelayMs', 'repeatedMessages'] as const;
/** Of fail_type those that a session has to do with; the control API takes all. */
const FAIL_TYPES = [0, 4, 5, 6, 10] as const;

export function Faults() {
  const faults = view.value?.faults;
  const told = useSignal<'revoked' | 'noToken' | null>(null);
  if (faults === undefined) return null;
  const revoke = async (app: string) => {
    const answer = await command<{ readonly isRevoked: boolean }>('access-token/revoke', { app });
    told.value = answer?.isRevoked ? 'revoked' : 'noToken';
  };
  return (
    <div class="scroll setup">
      <p class="muted">{t('faultsHint')}</p>
      {SWITCHES.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={faults[name]}
            onChange={({ currentTarget }) => command('faults', { [name]: currentTarget.checked })}
          />
          {t(name)}
        </label>
      ))}
      {AMOUNT_NAMES.map((name) => (
        <label key={name}>
          {t(name)}
          <input
            type="number"
            min={0}
            max={AMOUNTS[name]}
            step={name === 'repeatedMessages' ? 1 : 100}
            value={faults[name]}
            onChange={({ currentTarget }) => command('faults', { [name]: currentTarget.valueAsNumber || 0 })}
          />
        </label>
      ))}
      <FailNext />
      {view.value?.apps.map(({ name }) => (
        <button key={name} type="button" onClick={() => revoke(name)}>
          {ofApp(name)}
          {t('revoke')}
        </button>
      ))}
      <p role="status">{told.value !== null && t(told.value)}</p>
    </div>
  );
}

/** Lets the bot's next message to the chosen customer fail, after it was taken. */
function FailNext() {
  const fail = (event: SubmitEvent) => {
    event.preventDefault();
    const failType = Number(new FormData(event.currentTarget as HTMLFormElement).get('failType'));
    void command('fail-next', { ...chosen.value, failType });
  };
  const failsNextAs = conversation.value?.failsNextAs ?? null;
  return (
    <form class="row end" onSubmit={fail}>
      <label>
        {t('failNext')}
        <select name="failType">
          {FAIL_TYPES.map((failType) => (
            <option key={failType} value={failType}>
              {t(`fail${failType}`)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" disabled={failsNextAs !== null}>
        {t(failsNextAs === null ? 'letFail' : 'willFail')}
      </button>
    </form>
  );
}
