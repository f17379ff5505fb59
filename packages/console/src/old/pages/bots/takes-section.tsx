import { useState } from 'preact/hooks';
import type { BotAnswer } from '../../api/answers.gen.js';
import { changeBot } from '../../api/bots.js';
import { ChangeButton } from '../../components/change-button.js';
import { CopyField } from '../../components/copy-field.js';
import { Field } from '../../components/field.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { Problem } from '../../components/problem.js';
import { useAction } from '../../data/action.js';
import { tell } from '../../data/notices.js';
import { useOneTime } from '../../data/one-time.js';
import { t } from '../../i18n/language.js';
import { SavedBanner } from './saved-banner.js';
import { TakesChoice } from './takes-choice.js';

interface TakesSectionProps {
  readonly bot: BotAnswer;
  readonly onChange: () => void;
}

/** Events or messages. What is secret lives in this part of the page alone. */
export function TakesSection({ bot, onChange }: TakesSectionProps) {
  const { bots } = t();
  const [takes, setTakes] = useState(bot.takes);
  const [corpSecret, setCorpSecret] = useState('');
  const [signingSecret, setSigningSecret] = useOneTime<string>(`signing secret ${bot.id}`);
  const action = useAction(async () => {
    const secret = takes === 'message' && corpSecret.trim() !== '' ? { corpSecret: corpSecret.trim() } : {};
    const changed = await changeBot(bot.id, { takes, ...secret });
    setCorpSecret('');
    if (bot.kind === 'puppet' && changed.signingSecret !== null) setSigningSecret(changed.signingSecret);
    tell(bots.changed(bot.name));
    onChange();
  });
  return (
    <section class="card">
      <h2>{bots.given}</h2>
      <form
        class="form group"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <TakesChoice takes={takes} best={null} onChange={setTakes} />
        {takes === 'message' && (
          <Field
            label={bot.hasCorpSecret ? bots.corpSecretOptional : bots.corpSecret}
            hint={bots.corpSecretPulls}
            value={corpSecret}
            type="password"
            isRequired={!bot.hasCorpSecret}
            onInput={setCorpSecret}
          />
        )}
        {action.error !== null && <Problem error={action.error} titles={bots.problems} />}
        <ChangeButton type="submit" class="button" aria-disabled={action.isRunning}>
          {action.isRunning ? bots.saving : bots.save}
        </ChangeButton>
      </form>
      {signingSecret !== null && <NewSigningSecret value={signingSecret} />}
    </section>
  );
}

/** Of a bot that had none before. */
function NewSigningSecret({ value }: { readonly value: string }) {
  const { bots } = t();
  const [isSaved, setSaved] = useState(false);
  return (
    <div class="group" role="group" aria-label={bots.signingSecret}>
      <p class="small muted">{bots.signingSecretText}</p>
      <CopyField label={bots.signingSecret} value={value} onCopied={() => setSaved(true)} />
      <SavedBanner isSaved={isSaved} onSaved={() => setSaved(true)} />
      {!isSaved && <LeaveQuestion title={bots.leaveAsk} text={bots.once} run={bots.leaveRun} />}
    </div>
  );
}
