import { useState } from 'preact/hooks';
import type { AppCreatedAnswer } from '../../api/answers.gen.js';
import { createApp } from '../../api/apps.js';
import { ChangeButton } from '../../components/change-button.js';
import { Field } from '../../components/field.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { t } from '../../i18n/language.js';

interface ConnectFormProps {
  readonly onCreated: (app: AppCreatedAnswer) => void;
}

export function ConnectForm({ onCreated }: ConnectFormProps) {
  const { apps } = t();
  const [corpId, setCorpId] = useState('');
  const [name, setName] = useState('');
  const action = useAction(async () => onCreated(await createApp(corpId.trim(), name.trim())));
  return (
    <form
      class="form card"
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <Field label={apps.corpId} hint={apps.corpIdHint} value={corpId} isRequired onInput={setCorpId} />
      <Field label={apps.nameOptional} hint={apps.nameHint} value={name} onInput={setName} />
      {action.error !== null && <Problem error={action.error} titles={{ REQUEST_INVALID: apps.invalid }} />}
      <ChangeButton type="submit" class="button primary" aria-disabled={action.isRunning}>
        {action.isRunning ? apps.creating : apps.create}
      </ChangeButton>
    </form>
  );
}
