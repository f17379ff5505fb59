import { listApps } from '../../api/apps.js';
import { Field } from '../../components/field.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { AccountIds } from './account-ids-field.js';
import type { StepProps } from './draft.js';
import { RegisteredAccounts } from './registered-accounts.js';

const APPS_EVERY_MS = 30_000;

interface AccountsStepProps extends StepProps {
  readonly onBack: () => void;
}

/** Whose bot it is, and what it answers for. */
export function AccountsStep({ draft, onChange, onNext, onBack }: AccountsStepProps) {
  const { bots } = t();
  const apps = usePolled('apps', listApps, APPS_EVERY_MS);
  const { name, corpId, takesAllOthers, picked, typed } = draft;
  return (
    <form
      class="form card"
      onSubmit={(event) => {
        event.preventDefault();
        onNext();
      }}
    >
      <Field
        label={bots.name}
        hint={bots.nameHint}
        value={name}
        isRequired
        onInput={(next) => onChange({ name: next })}
      />
      <Field
        label={bots.corpId}
        hint={bots.corpIdHint}
        value={corpId}
        isMono
        isRequired
        suggestions={[...new Set(apps.data?.map((app) => app.corpId))]}
        onInput={(next) => onChange({ corpId: next, picked: [] })}
      />
      <fieldset class="choices">
        <legend>{bots.accounts}</legend>
        <label class="choice">
          <input
            type="radio"
            name="accounts"
            checked={!takesAllOthers}
            onChange={() => onChange({ takesAllOthers: false })}
          />
          <span>{bots.theseAccounts}</span>
        </label>
        <label class="choice">
          <input
            type="radio"
            name="accounts"
            checked={takesAllOthers}
            onChange={() => onChange({ takesAllOthers: true })}
          />
          <span>{bots.allOthers}</span>
          <span class="small muted">{bots.allOthersText}</span>
        </label>
      </fieldset>
      {!takesAllOthers && (
        <>
          <RegisteredAccounts
            corpId={corpId.trim()}
            picked={picked}
            onPick={(next) => onChange({ picked: next })}
          />
          <AccountIds
            label={bots.accountIds}
            hint={bots.accountIdsHint}
            value={typed}
            isRequired={picked.length === 0}
            onInput={(next) => onChange({ typed: next })}
          />
        </>
      )}
      <div class="actions">
        <button type="button" class="button" onClick={onBack}>
          {bots.back}
        </button>
        <button type="submit" class="button primary">
          {bots.next}
        </button>
      </div>
    </form>
  );
}
