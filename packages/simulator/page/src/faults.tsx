import { useSignal } from '@preact/signals';
import { command, ofApp, view } from './server.js';
import { t } from './words.js';

const SWITCHES = ['duplicateCallbacks', 'dropCallbacks', 'apiBusy', 'mediaFails'] as const;
const DELAYS = ['callbackDelayMs', 'apiDelayMs'] as const;

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
      {DELAYS.map((name) => (
        <label key={name}>
          {t(name)}
          <input
            type="number"
            min={0}
            max={60_000}
            step={100}
            value={faults[name]}
            onChange={({ currentTarget }) => command('faults', { [name]: currentTarget.valueAsNumber || 0 })}
          />
        </label>
      ))}
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
